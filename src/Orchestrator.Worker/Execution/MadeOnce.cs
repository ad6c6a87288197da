using System.Collections.Concurrent;

namespace Orchestrator.Worker.Execution;

/// <summary>Values by key, each made once, on first use. One that could not be made is made anew by the next use. Safe for concurrent use.</summary>
internal sealed class MadeOnce<TKey, T>
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Lazy<T>> _made = new();

    /// <summary>Those that are made.</summary>
    public IEnumerable<KeyValuePair<TKey, T>> All => _made.Where(m => m.Value.IsValueCreated).Select(m => KeyValuePair.Create(m.Key, m.Value.Value));

    /// <summary>The value of <paramref name="key"/>; others that ask meanwhile wait for it, and share a failure.</summary>
    public T Get(TKey key, Func<TKey, T> make)
    {
        var value = _made.GetOrAdd(key, k => new Lazy<T>(() => make(k)));
        try
        {
            return value.Value;
        }
        catch
        {
            // A Lazy keeps its exception: a disk that was away for a moment, or a folder that is mended, would fail for ever.
            _made.TryRemove(KeyValuePair.Create(key, value));
            throw;
        }
    }

    /// <summary>Forgets all values once there are more than <paramref name="most"/>.</summary>
    public void Bound(int most)
    {
        if (_made.Count > most)
        {
            _made.Clear();
        }
    }
}
