using System.Security.Cryptography;
using System.Text;

namespace Orchestrator.Data.Storage;

/// <summary>Keeps local copies of stored files until disposed of. Safe for concurrent use.</summary>
public sealed class SpoolPins : IDisposable
{
    private readonly List<Action> _release = [];

    /// <summary>Lets the copies go.</summary>
    public void Dispose()
    {
        Action[] release;
        lock (_release)
        {
            release = [.. _release];
            _release.Clear();
        }

        Array.ForEach(release, r => r());
    }

    internal void Add(Action release)
    {
        lock (_release)
        {
            _release.Add(release);
        }
    }
}

/// <summary>
/// A process's own folder on this machine: where attempts write before their files are uploaded, and a bounded cache of
/// copies of stored files, least recently used out first. Copies in use are never deleted, even where they exceed the bound. What processes
/// that died have left is deleted when the next one starts. Safe for concurrent use.
/// </summary>
public sealed class Spool : IDisposable
{
    private readonly string _folder;
    private readonly long _limit;
    private readonly FileStream _alive;
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private long _bytes;
    private long _uses;

    /// <param name="folder">Shared by the processes of this machine; made when absent.</param>
    /// <param name="limit">Bytes of copies to keep.</param>
    public Spool(string folder, long limit)
    {
        Directory.CreateDirectory(folder);
        SweepDead(folder);
        _limit = limit;
        _folder = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        _alive = new FileStream(_folder + ".alive", FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
        Directory.CreateDirectory(Path.Combine(_folder, "cache"));
    }

    /// <summary>Bytes of copies held.</summary>
    public long CachedBytes
    {
        get
        {
            lock (_entries)
            {
                return _bytes;
            }
        }
    }

    /// <summary>Where attempts at a job's shards write; the same for the same output.</summary>
    public string ScratchOf(string output) => Path.Combine(_folder, "work", NameOf(output));

    /// <summary>The local copy of a stored file, made now where there is none.</summary>
    /// <param name="key">Names the content: address and version, or address and digest.</param>
    /// <param name="download">Writes the copy to the path that it is given, or throws.</param>
    /// <param name="pins">Keeps the copy.</param>
    public string Fetch(string key, Action<string> download, SpoolPins pins)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(key, out entry))
            {
                _entries[key] = entry = new Entry(Path.Combine(_folder, "cache", NameOf(key)));
            }

            entry.Pins++;
            entry.LastUse = ++_uses;
        }

        pins.Add(() => Unpin(key, entry));
        lock (entry)
        {
            if (!entry.Here)
            {
                download(entry.Path);
                entry.Here = true;
                lock (_entries)
                {
                    entry.Bytes = new FileInfo(entry.Path).Length;
                    _bytes += entry.Bytes;
                }
            }
        }

        Evict();
        return entry.Path;
    }

    /// <summary>Deletes the process's folder.</summary>
    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }

        _alive.Dispose();
    }

    private void Unpin(string key, Entry entry)
    {
        lock (_entries)
        {
            entry.Pins--;
            if (entry is { Pins: 0, Here: false })
            {
                // Its download failed.
                _entries.Remove(key);
            }
        }

        Evict();
    }

    private void Evict()
    {
        lock (_entries)
        {
            foreach (var (key, entry) in _entries.Where(e => e.Value is { Pins: 0, Here: true }).OrderBy(e => e.Value.LastUse).ToList())
            {
                if (_bytes <= _limit)
                {
                    return;
                }

                File.Delete(entry.Path);
                _bytes -= entry.Bytes;
                _entries.Remove(key);
            }
        }
    }

    private static void SweepDead(string folder)
    {
        foreach (var dead in Directory.EnumerateDirectories(folder).Where(f => Guid.TryParseExact(Path.GetFileName(f), "N", out _)))
        {
            try
            {
                // Another process that sweeps too, or has just begun, holds its file; only a dead one's can be opened.
                using var alive = new FileStream(dead + ".alive", FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
                Directory.Delete(dead, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // In use, or another user's: not ours to delete.
            }
        }
    }

    private static string NameOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];

    private sealed class Entry(string path)
    {
        public string Path => path;

        public bool Here { get; set; }

        public int Pins { get; set; }

        public long Bytes { get; set; }

        public long LastUse { get; set; }
    }
}
