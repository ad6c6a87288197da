using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Worker.Curation;

/// <summary>Applies the decided cuts to a score part; the one place where a row becomes kept or rejected.</summary>
public sealed class DecidedPartReader
{
    private readonly SelectVerdicts _verdicts;
    private readonly IReadOnlyList<DecidedLeaf> _leaves;
    private readonly string[] _columns;
    private readonly OutputSamples _outputs;

    /// <param name="job">The job.</param>
    /// <param name="leaves">The leaves of its rule with their cuts.</param>
    public DecidedPartReader(CurationJob job, IReadOnlyList<DecidedLeaf> leaves)
    {
        _leaves = leaves;
        _outputs = new OutputSamples(job);
        _verdicts = new SelectVerdicts(job.Select, [.. leaves.Select(l => l.Cut)]);
        _columns = [ScoreColumn.Key, .. leaves.Select(l => l.By).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Counts the kept rows of a part, reading only the columns that decide.</summary>
    /// <param name="path">The part.</param>
    /// <param name="part">Its position in the plan.</param>
    /// <param name="candidates">Candidates of all parts.</param>
    /// <param name="lastKey">Key of the last kept sample before the part; afterwards, up to its end.</param>
    /// <param name="keyBefore">The former.</param>
    public long CountKept(string path, int part, CandidateMap candidates, ref string? lastKey, out string? keyBefore)
    {
        keyBefore = lastKey;
        var kept = 0L;
        using var reader = ScorePartReader.OpenOrThrow(path);
        var scores = new float[_leaves.Count];
        foreach (var batch in reader.ReadColumns(_columns))
        {
            var keys = batch.Text(ScoreColumn.Key);
            var signals = _leaves.Select(l => batch.Signal(l.By)).ToArray();
            for (var i = 0; i < batch.Count; i++)
            {
                for (var leaf = 0; leaf < signals.Length; leaf++)
                {
                    scores[leaf] = signals[leaf][i];
                }

                if (candidates[part, batch.FirstRow + i] && _verdicts.Judge(scores, keys[i]!, part, batch.FirstRow + i) is null)
                {
                    kept++;
                    lastKey = keys[i];
                }
            }
        }

        return kept;
    }

    /// <summary>Reads a part's rows with their final state and, for kept ones, their place in the output.</summary>
    /// <param name="workspace">The job's workspace.</param>
    /// <param name="decision">The plan.</param>
    /// <param name="part">The part's position in the plan.</param>
    public IEnumerable<ScoreRow> ReadFinal(CurationWorkspace workspace, CurationDecision decision, int part)
    {
        var rank = decision.Parts.Take(part).Sum(p => p.Kept);
        var previous = decision.Parts[part].KeyBefore;
        using var notes = (decision.Parts[part].Notes is { } file ? PoolNotes.Read(workspace.PathOf(file)) : []).GetEnumerator();
        var note = notes.MoveNext() ? notes.Current : null;
        using var reader = ScorePartReader.OpenOrThrow(workspace.PathOf(decision.Parts[part].Scores));
        var indexes = _leaves.Select(l => reader.Schema.SignalIndex(l.By)).ToArray();
        var scores = new float[_leaves.Count];
        var place = 0L;
        foreach (var row in WithVocabulary(workspace, decision, reader))
        {
            for (var leaf = 0; leaf < indexes.Length; leaf++)
            {
                scores[leaf] = row.Signals[indexes[leaf]] ?? float.NaN;
            }

            var at = place++;
            if (!CandidateMap.IsCandidate(row.State, row.Reason))
            {
                yield return row;
            }
            else if (note?.Row == at)
            {
                yield return WithNote(row, reader.Schema, note);
                note = notes.MoveNext() ? notes.Current : null;
            }
            else if (_verdicts.Judge(scores, row.Key, part, at) is { } reason)
            {
                yield return row with { State = SampleStates.Rejected, Reason = reason, OutputShard = null, OutputKey = null };
            }
            else
            {
                yield return row with
                {
                    State = SampleStates.Kept,
                    Reason = null,
                    OutputShard = OutputNames.Tar((int)(rank / decision.SamplesPerShard)),
                    OutputKey = _outputs.FirstKey(row, part, previous),
                };
                rank++;
                previous = row.Key;
            }
        }
    }

    private static IEnumerable<ScoreRow> WithVocabulary(CurationWorkspace workspace, CurationDecision decision, ScorePartReader reader)
    {
        if (decision.Synsets is not { } file || workspace.Job.Stages.OfType<SynsetLabelsOptions>().FirstOrDefault() is not { } options)
        {
            return reader.ReadRows();
        }

        var vocabulary = SynsetVocabulary.Read(workspace.PathOf(file), options.MaxLabels);
        var index = reader.Schema.TagIndex(SynsetLabelsOptions.LabelsTag);
        return reader.ReadRows().Select(row => row with { Tags = [.. row.Tags.Select((tag, i) => i == index ? vocabulary.Keep(tag) : tag)] });
    }

    private static ScoreRow WithNote(ScoreRow row, ScoreSchema schema, PoolNote note)
    {
        string?[] tags = [.. row.Tags];
        if (note.State == SampleStates.Duplicate)
        {
            tags[schema.TagIndex(DedupOptions.OfTag)] = note.Of;
            tags[schema.TagIndex(DedupOptions.ByTag)] = note.By;
        }

        return row with { State = note.State, Reason = note.Reason, Tags = tags };
    }
}
