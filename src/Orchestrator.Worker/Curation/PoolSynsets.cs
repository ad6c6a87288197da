using System.Text.Json;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Selection;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Runs <c>synset-labels</c> over scored parts: one reading counts the candidates of each label; a second, where a label is required,
/// takes out those without one. Memory: the labels there are.
/// </summary>
/// <param name="parts">Paths of the parts.</param>
/// <param name="candidates">Candidates; those that must have a label and have none are taken out.</param>
/// <param name="notes">Receives them.</param>
internal sealed class PoolSynsets(IReadOnlyList<string> parts, CandidateMap candidates, PoolNotes notes)
{
    /// <summary>Runs the stage.</summary>
    /// <returns>The vocabulary: labels of at least minCount candidates with their counts, most frequent first, equal ones by name.</returns>
    public IReadOnlyList<KeyValuePair<string, long>> Run(SynsetLabelsOptions options, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (_, _, labels) in Read(cancellationToken))
        {
            foreach (var label in labels)
            {
                counts[label] = counts.GetValueOrDefault(label) + 1;
            }
        }

        if (options.RequireLabel)
        {
            foreach (var (part, row, labels) in Read(cancellationToken))
            {
                if (!labels.Any(label => counts[label] >= options.MinCount))
                {
                    notes.Add(part, new PoolNote(row, SampleStates.Rejected, SynsetLabelsOptions.Unlabelled, null, null));
                    candidates.Remove(part, row);
                }
            }
        }

        return [.. counts.Where(c => c.Value >= options.MinCount).OrderByDescending(c => c.Value).ThenBy(c => c.Key, KeyOrder.Instance)];
    }

    private IEnumerable<(int Part, long Row, string[] Labels)> Read(CancellationToken cancellationToken)
    {
        for (var part = 0; part < parts.Count; part++)
        {
            using var reader = ScorePartReader.OpenOrThrow(parts[part]);
            foreach (var batch in reader.ReadColumns(SynsetLabelsOptions.LabelsTag))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var tags = batch.Text(SynsetLabelsOptions.LabelsTag);
                for (var i = 0; i < batch.Count; i++)
                {
                    if (candidates[part, batch.FirstRow + i])
                    {
                        yield return (part, batch.FirstRow + i, SynsetVocabulary.Split(tags[i]));
                    }
                }
            }
        }
    }
}

/// <summary>The labels that count, as the file <c>synsets.json</c> holds them: <c>{"n2084071": 123, ...}</c>, most frequent first.</summary>
/// <param name="labels">The labels.</param>
/// <param name="maxLabels">Labels kept of a sample.</param>
internal sealed class SynsetVocabulary(IReadOnlySet<string> labels, int maxLabels)
{
    /// <summary>Writes the file.</summary>
    public static void Write(Stream stream, IReadOnlyList<KeyValuePair<string, long>> counts)
    {
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            foreach (var (label, count) in counts)
            {
                json.WriteNumber(label, count);
            }

            json.WriteEndObject();
        }

        stream.Write("\n"u8);
    }

    /// <summary>Reads the file.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="maxLabels">Labels kept of a sample.</param>
    public static SynsetVocabulary Read(string path, int maxLabels)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        return new SynsetVocabulary(json.RootElement.EnumerateObject().Select(l => l.Name).ToHashSet(StringComparer.Ordinal), maxLabels);
    }

    /// <summary>Labels of a text column.</summary>
    public static string[] Split(string? tag) => tag?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>The text column without labels that do not count; null for null.</summary>
    public string? Keep(string? tag) => tag is null ? null : string.Join(' ', Split(tag).Where(labels.Contains).Take(maxLabels));
}
