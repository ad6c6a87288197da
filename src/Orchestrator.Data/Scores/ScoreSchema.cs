using Orchestrator.Domain.Curation;

namespace Orchestrator.Data.Scores;

/// <summary>Columns of a score part: the fixed ones, then one float per signal, then one text per tag.</summary>
/// <remarks>Two schemas with the same names in the same order make files with the same columns; parts of one job share one schema.</remarks>
public sealed class ScoreSchema
{
    private ScoreSchema(IReadOnlyList<string> signals, IReadOnlyList<string> tags) => (Signals, Tags) = (signals, tags);

    /// <summary>Names of the float32 columns, e.g. <c>clip</c>, <c>basic-filter.words</c>.</summary>
    public IReadOnlyList<string> Signals { get; }

    /// <summary>Names of the extra text columns, e.g. <c>dedup.of</c>.</summary>
    public IReadOnlyList<string> Tags { get; }

    /// <summary>Checks names: not empty, not a fixed column, none twice (compared without case, as SQL readers do).</summary>
    public static Checked<ScoreSchema> Create(IEnumerable<string> signals, IEnumerable<string>? tags = null)
    {
        string[] signalNames = [.. signals];
        string[] tagNames = [.. tags ?? []];
        var taken = new HashSet<string>(ScoreColumn.Fixed, StringComparer.OrdinalIgnoreCase);
        foreach (var name in signalNames.Concat(tagNames))
        {
            if (string.IsNullOrWhiteSpace(name))
            {
                return new DataFault("(empty)", "stages[].as", "A signal has no name.", "Give it one.");
            }

            if (!taken.Add(name))
            {
                return new DataFault(name, "stages[].as", "The score table already has a column of this name.", $"Choose another; taken are {string.Join(", ", ScoreColumn.Fixed)} and every other signal.");
            }
        }

        return new ScoreSchema(signalNames, tagNames);
    }

    /// <summary>Position of a signal in <see cref="Signals"/>, or -1.</summary>
    public int SignalIndex(string name) => IndexOf(Signals, name);

    /// <summary>Position of a tag in <see cref="Tags"/>, or -1.</summary>
    public int TagIndex(string name) => IndexOf(Tags, name);

    private static int IndexOf(IReadOnlyList<string> names, string name)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if (names[i] == name)
            {
                return i;
            }
        }

        return -1;
    }
}

/// <summary>Names of the fixed columns of a score part.</summary>
public static class ScoreColumn
{
    /// <summary>Input shard as the document names it; text.</summary>
    public const string Shard = "shard";

    /// <summary>Sample ordinal in its shard, from 0; int64.</summary>
    public const string Row = "row";

    /// <summary>Sample key; text.</summary>
    public const string Key = "key";

    /// <summary>DataComp uid, 32 hexadecimal digits, or null; text.</summary>
    public const string Uid = "uid";

    /// <summary>Image width in pixels after decoding, or null; int32.</summary>
    public const string Width = "width";

    /// <summary>Image height in pixels after decoding, or null; int32.</summary>
    public const string Height = "height";

    /// <summary>Length of the image file in bytes, 0 when there is none; int64.</summary>
    public const string ImageBytes = "image_bytes";

    /// <summary>Caption, or null when there is none or it is not text; text.</summary>
    public const string Text = "text";

    /// <summary>Null while a candidate; finally kept, rejected, duplicate or quarantined; text.</summary>
    public const string State = "state";

    /// <summary>Rule, key or error behind the state, or null; text.</summary>
    public const string Reason = "reason";

    /// <summary>Output shard of a kept sample, or null; text.</summary>
    public const string OutputShard = "output_shard";

    /// <summary>Key in the output shard, or null; text.</summary>
    public const string OutputKey = "output_key";

    /// <summary>All of them, in file order before and after the signals.</summary>
    public static IReadOnlyList<string> Fixed => FixedColumns.Names;
}
