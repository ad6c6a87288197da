using System.Text.Json;
using Orchestrator.Data;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// The <c>columns</c> stages of a document bound to indexes of their tables, which a worker builds once and keeps while there is room.
/// Safe for concurrent use until disposed of.
/// </summary>
public sealed class ColumnScores : IDisposable
{
    private const string Field = "stages[].from";

    private readonly List<(ColumnsOptions Options, int FirstSignal, ColumnIndex Index)> _stages = [];

    /// <summary>Digest of each index by the name of its first signal: two workers that saw different tables must not decide together.</summary>
    public IEnumerable<KeyValuePair<string, string>> Digests => _stages.Select(s => KeyValuePair.Create($"columns/{s.Options.Scores[0].As}", s.Index.Sha256));

    /// <summary>Binds the stages; builds the indexes that are missing.</summary>
    /// <param name="document">The document.</param>
    /// <param name="folder">The job's folder; keeps the indexes while it is open.</param>
    /// <param name="cancellationToken">Observed while an index is built.</param>
    /// <exception cref="InvalidDataException">A table is refused, missing, damaged, or has other columns.</exception>
    public static ColumnScores Bind(CurationDocument document, JobFolder folder, CancellationToken cancellationToken)
    {
        var bound = new ColumnScores();
        try
        {
            var signal = 0;
            foreach (var stage in document.Stages)
            {
                if (stage is ColumnsOptions options)
                {
                    bound._stages.Add((options, signal, ColumnIndex.Open(IndexOf(options, folder, cancellationToken))));
                }

                signal += stage.Signals.Count;
            }

            return bound;
        }
        catch
        {
            bound.Dispose();
            throw;
        }
    }

    /// <summary>Writes a sample's scores into its signals; what has none stays NaN.</summary>
    public void Fill(WebSample sample, SampleUid uid, float[] signals)
    {
        foreach (var (options, first, index) in _stages)
        {
            if (KeyOf(options.Key, sample, uid) is { } key)
            {
                index.TryGet(key, signals.AsSpan(first, index.Scores));
            }
        }
    }

    /// <inheritdoc />
    public void Dispose() => _stages.ForEach(s => s.Index.Dispose());

    private static SampleUid? KeyOf(string key, WebSample sample, SampleUid uid) => key switch
    {
        ColumnsOptions.Uid => uid,
        ColumnsOptions.Name => ColumnIndex.KeyOf(sample.Key[(sample.Key.LastIndexOf('/') + 1)..]),
        _ => sample.TryGet("json", out var json) && TextOf(json.Data, key) is { } text ? ColumnIndex.KeyOf(text) : null,
    };

    private static string? TextOf(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            ReadOnlySpan<byte> mark = [0xef, 0xbb, 0xbf];
            using var document = JsonDocument.Parse(json.Span.StartsWith(mark) ? json[mark.Length..] : json, new() { MaxDepth = 256 });
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half a surrogate pair, or no JSON at all: no key, so no score.
            return null;
        }
    }

    private static string IndexOf(ColumnsOptions options, JobFolder folder, CancellationToken cancellationToken)
    {
        var (files, faults) = ShardPatterns.Expand(options.From, folder.Storage, Field);
        Throw(faults.FirstOrDefault());
        var stored = files.Select(f => folder.Storage.Stat(f.Path)
            ?? throw new InvalidDataException(new DataFault(f.Name, Field, "There is no such file.", "Check the path and that its disk is mounted.").ToString())).ToList();
        string[] columns = [.. options.Scores.Select(s => s.Column)];
        var key = string.Join('\n', [options.KeyColumn, .. columns, "", .. stored.Select(s => s.Identity)]);
        return folder.Storage.Derive(key, path =>
        {
            using var pins = new SpoolPins();
            var sources = files.Select(f => new ColumnSource(folder.Storage.Fetch(f.Path, pins), f.Name)).ToList();
            var built = ColumnIndex.Build(sources, options.KeyColumn, columns, Field, path, cancellationToken);
            Throw(built.Fault);
        }, folder.Pins);
    }

    private static void Throw(DataFault? fault)
    {
        if (fault is not null)
        {
            throw new InvalidDataException(fault.ToString());
        }
    }
}
