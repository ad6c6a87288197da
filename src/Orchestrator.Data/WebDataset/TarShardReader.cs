using System.Diagnostics.CodeAnalysis;
using Orchestrator.Data.Storage;

namespace Orchestrator.Data.WebDataset;

/// <summary>Pulls the samples of one shard, in order, holding one sample and one member in memory. Not thread-safe.</summary>
/// <remarks>
/// Rules: WebDataset's (src/webdataset/tariterators.py): only regular files; <c>__x__</c> names skipped; consecutive members with
/// equal keys make a sample; a sample never crosses shards. Nothing is written to disk and member names are never used as paths.
/// Reading never throws over what the bytes are: trouble with a sample is <see cref="WebSample.Fault"/>, trouble with the
/// archive is <see cref="Damage"/> once <see cref="TryRead"/> has returned false.
/// </remarks>
public sealed class TarShardReader : IDisposable
{
    private readonly Stream _stream;
    private readonly TarReadOptions _options;
    private readonly TarSource _source;
    private readonly TarEntryReader _entries;
    private SampleBuilder? _current;
    private ShardDamage? _readFailure;
    private bool _ended;
    private long _ordinal;
    private long _members, _samples, _notRegular, _meta, _unnamed, _duplicates;

    /// <summary>Reads from the stream's position, which counts as offset 0 for streams that cannot seek. Owns the stream.</summary>
    public TarShardReader(Stream stream, TarReadOptions? options = null)
    {
        _stream = stream;
        _options = options ?? new TarReadOptions();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_options.MaxMemberBytes, Array.MaxLength, nameof(TarReadOptions.MaxMemberBytes));
        _source = new TarSource(stream, _options.BufferBytes);
        _entries = new TarEntryReader(_source);
    }

    /// <summary>Set when the shard ended badly; final once <see cref="TryRead"/> has returned false.</summary>
    public ShardDamage? Damage => _readFailure ?? _entries.Damage;

    /// <summary>Counts so far.</summary>
    public TarTally Tally => new(_members, _samples, _notRegular, _meta, _unnamed, _duplicates);

    /// <summary>Opens a file for sequential reading; a missing or forbidden file is a value.</summary>
    public static bool TryOpen(
        string path,
        TarReadOptions? options,
        [NotNullWhen(true)] out TarShardReader? reader,
        [NotNullWhen(false)] out ShardDamage? damage)
    {
        (reader, damage) = (null, null);
        try
        {
            // Our own buffer is the only one.
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            reader = new TarShardReader(stream, options);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            damage = new ShardDamage(ShardDamageKind.Missing, 0, $"there is no file '{path}'; check input.shards and that the disk is mounted");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            damage = new ShardDamage(ShardDamageKind.Unreadable, 0, $"'{path}' cannot be opened ({e.Message}); check its permissions") { Cause = e };
        }

        return false;
    }

    /// <summary>The next wanted sample, faulty or not; false at the end of the shard.</summary>
    public bool TryRead([NotNullWhen(true)] out WebSample? sample)
    {
        while (!_ended)
        {
            if (Step() is { Wanted: true } finished)
            {
                sample = finished.Build();
                return true;
            }
        }

        sample = null;
        return false;
    }

    /// <summary>All remaining wanted samples, lazily.</summary>
    public IEnumerable<WebSample> ReadAll()
    {
        while (TryRead(out var sample))
        {
            yield return sample;
        }
    }

    /// <summary>Continues at a sample known from an earlier reading of the same bytes. Needs a stream that can seek.</summary>
    /// <param name="offset">That sample's <see cref="WebSample.Offset"/>.</param>
    /// <param name="ordinal">That sample's <see cref="WebSample.Ordinal"/>.</param>
    public void SeekTo(long offset, long ordinal)
    {
        _source.SeekTo(offset);
        _entries.Restart();
        (_current, _readFailure, _ended, _ordinal) = (null, null, false, ordinal);
    }

    public void Dispose() => _stream.Dispose();

    /// <summary>Takes one entry; returns a sample when that entry, or the end, completed one.</summary>
    private SampleBuilder? Step()
    {
        try
        {
            if (_entries.TryNext(out var entry))
            {
                return Take(entry);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _readFailure = new ShardDamage(ShardDamageKind.Unreadable, _source.Position, $"reading failed ({e.Message}); try again, and check the disk if it repeats") { Cause = e };
        }

        _ended = true;
        var last = _current;
        _current = null;
        if (Damage is { Kind: ShardDamageKind.BadHeader or ShardDamageKind.Truncated or ShardDamageKind.Unreadable } damage)
        {
            // Members of this sample may stand behind the damage: better one sample in quarantine than one kept incomplete.
            last?.Blame(SampleFaultKind.DamagedShard, last.LastName, $"the shard is damaged at byte {damage.Offset:N0}: {damage.Message}");
        }

        return last;
    }

    private SampleBuilder? Take(TarEntry entry)
    {
        _members++;
        if (!entry.IsRegular)
        {
            _notRegular++;
            return null;
        }

        if (SampleName.IsMeta(entry.Name))
        {
            _meta++;
            return null;
        }

        var problem = entry.NameIsText ? SafeRelativePath.ProblemOf(entry.Name) : "is not UTF-8";
        string? extension = null;
        if (problem is null or not "is empty" && entry.Name.Length <= SafeRelativePath.MaxLength && SampleName.TrySplit(entry.Name, out var key, out extension))
        {
            // Both are set by the split.
        }
        else if (problem is null)
        {
            _unnamed++;
            return null;
        }
        else
        {
            // An unsafe name without a key still is somebody's sample: it is reported, not passed over.
            key = entry.Name;
        }

        SampleBuilder? finished = null;
        var duplicate = _current is not null && _current.Key == key && extension is not null && _current.Has(extension);
        _duplicates += duplicate ? 1 : 0;
        if (_current is null || _current.Key != key || (duplicate && _options.Duplicates == DuplicateExtension.NewSample))
        {
            finished = _current;
            _current = new SampleBuilder(key, _ordinal, entry.Offset, duplicate, _options.Wanted?.Invoke(_ordinal) ?? true);
            _ordinal++;
            _samples++;
            duplicate = false;
        }

        AddMember(_current, entry, extension, duplicate, problem);
        return finished;
    }

    private void AddMember(SampleBuilder sample, TarEntry entry, string? extension, bool duplicate, string? nameProblem)
    {
        sample.LastName = entry.Name;
        (SampleFaultKind Kind, string Message)? fault =
            nameProblem is not null ? (SampleFaultKind.UnsafeName, $"the member name {nameProblem}")
            : duplicate ? (SampleFaultKind.DuplicateExtension, $"the extension '{extension}' comes twice in one sample")
            : entry.IsSparse ? (SampleFaultKind.SparseMember, "the member is stored sparse; write the shard without --sparse")
            : entry.Size > _options.MaxMemberBytes ? (SampleFaultKind.MemberTooLarge, $"the member has {entry.Size:N0} bytes; at most {_options.MaxMemberBytes:N0} are read")
            : sample.Bytes + entry.Size > _options.MaxSampleBytes ? (SampleFaultKind.SampleTooLarge, $"the sample exceeds {_options.MaxSampleBytes:N0} bytes")
            : sample.Count >= _options.MaxMembers ? (SampleFaultKind.TooManyMembers, $"the sample has more than {_options.MaxMembers:N0} members")
            : null;

        if (extension is not null)
        {
            sample.Note(extension, _options.MaxMembers);
        }

        if (fault is not null)
        {
            sample.Blame(fault.Value.Kind, entry.Name, fault.Value.Message);
            return;
        }

        if (!sample.Wanted)
        {
            sample.Pass(entry.Size);
        }
        else if (_entries.ReadData() is { } data)
        {
            sample.Add(new SampleMember(extension!, entry.Name, data));
        }
    }

    /// <summary>A sample being gathered. Extensions are noted even when data is passed over, so grouping never depends on options.</summary>
    private sealed class SampleBuilder(string key, long ordinal, long offset, bool startedByDuplicate, bool wanted)
    {
        private readonly List<SampleMember> _members = [];
        private readonly HashSet<string> _extensions = new(StringComparer.Ordinal);
        private SampleFault? _fault;

        public string Key => key;

        public bool Wanted => wanted;

        public long Bytes { get; private set; }

        public int Count { get; private set; }

        public string LastName { get; set; } = "";

        public bool Has(string extension) => _extensions.Contains(extension);

        // Bounded: past the limit the sample is faulty anyway, and an archive of one endless sample must not fill memory with names.
        public void Note(string extension, int limit)
        {
            if (_extensions.Count <= limit)
            {
                _extensions.Add(extension);
            }
        }

        public void Blame(SampleFaultKind kind, string memberName, string message) => _fault ??= new SampleFault(kind, memberName, message);

        public void Pass(long size)
        {
            Bytes += size;
            Count++;
        }

        public void Add(SampleMember member)
        {
            Pass(member.Data.Length);
            _members.Add(member);
        }

        public WebSample Build() => new()
        {
            Key = key,
            Ordinal = ordinal,
            Offset = offset,
            Members = _members,
            Fault = _fault,
            StartedByDuplicate = startedByDuplicate,
        };
    }
}
