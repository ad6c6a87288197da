using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Curation.Stages;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Curation;

/// <summary>
/// Phase <c>write</c>: output tars with their tables, and score parts with final states. What a file holds follows from the
/// plan alone. The same for both kinds of job. Image bytes, captions and other members are copied as they are; <see cref="OutputSamples"/> says what is added.
/// </summary>
public sealed class WriteExecutor(JobStorage storage, string kind, CurationInstruments instruments) : CurationExecutor(storage, kind)
{
    /// <inheritdoc />
    public override string Phase => CurationPlan.Write;

    /// <inheritdoc />
    protected override async Task<ShardOutcome> ExecuteAsync(ShardWork work, CurationWorkspace workspace, CancellationToken cancellationToken)
    {
        var payload = CurationJson.Read<WritePayload>(work.Payload);
        var decision = await ReadDecisionAsync(work, workspace, cancellationToken);
        var folder = workspace.CreateAttempt(work.Lease);
        return payload.Kind == "tar"
            ? WriteTar(workspace, folder, decision, payload.Index, cancellationToken)
            : WritePart(workspace, folder, decision, payload.Index);
    }

    private ShardOutcome WritePart(CurationWorkspace workspace, AttemptFolder folder, CurationDecision decision, int position)
    {
        var part = decision.Parts[position];
        var tally = new SampleTally();
        var samples = new OutputSamples(workspace.Job);
        var captions = workspace.Job.Tags.Contains(CapFiltOptions.TextsTag);
        var reader = new DecidedPartReader(workspace.Job, decision.Leaves);
        var file = workspace.WriteFile(folder, "part.parquet", OutputNames.ScorePart(part.Index), stream =>
        {
            using var writer = new ScorePartWriter(stream, workspace.Job.Schema);
            foreach (var row in reader.ReadFinal(workspace, decision, position))
            {
                writer.Append(row);
                tally.Add(row);
                if (captions && row.State == SampleStates.Kept)
                {
                    tally.AddCaptions(samples.OriginsOf(row));
                }
            }

            writer.Finish();
        });
        if (part.Damage is not null)
        {
            tally.AddDamage();
        }

        foreach (var (name, count) in part.Beside ?? [])
        {
            tally.Count(name, count);
        }

        var counts = tally.ToCounts();
        if (SampleTally.Imbalance(counts) is { } imbalance)
        {
            return ShardOutcome.Failed(FailureKind.Fatal, $"{part.Source.Name}: {imbalance}.");
        }

        instruments.OnSelected(counts);

        // Copies: a retry of the scoring phase decides again from the originals.
        var embeddings = part.Embeddings.Where(e => e.File.Name.Length > 0).Select(e => workspace.WriteFile(folder, $"{e.Signal}.npy", e.File.Name, stream =>
        {
            using var rows = File.OpenRead(workspace.PathOf(e.File));
            rows.CopyTo(stream);
        }));
        var manifest = new WriteManifest("part", position, tally.Read, tally.Read, [file, .. embeddings], null, new(counts.ToDictionary(), StringComparer.Ordinal));
        return ShardOutcome.Completed(CurationJson.ToOutput(manifest, counts));
    }

    private ShardOutcome WriteTar(
        CurationWorkspace workspace, AttemptFolder folder, CurationDecision decision, int index, CancellationToken cancellationToken)
    {
        var rows = ReadRows(workspace, decision, index);
        var outputs = new OutputSamples(workspace.Job);
        var written = rows.SelectMany(r => outputs.Of(r.Row)).ToList();
        ShardFailure? problem = null;
        var tar = workspace.WriteFile(folder, "shard.tar", OutputNames.Tar(index), stream =>
        {
            using var writer = new TarShardWriter(stream);
            foreach (var group in rows.GroupBy(r => r.Part))
            {
                problem ??= Copy(outputs, decision.Parts[group.Key], group.Select(g => g.Row).ToList(), writer, cancellationToken);
            }

            writer.Finish();
        });
        if (problem is not null)
        {
            return ShardOutcome.Failed(problem);
        }

        var table = workspace.WriteFile(folder, "rows.parquet", OutputNames.Rows(index), stream =>
        {
            using var writer = new ScorePartWriter(stream, workspace.Job.Schema);
            written.ForEach(writer.Append);
            writer.Finish();
        });
        var stats = workspace.WriteFile(folder, "stats.json", OutputNames.Stats(index), stream => stream.Write(StatsJson.Write(written.Count)));
        var ids = workspace.WriteFile(folder, "ids.npy", "", stream =>
        {
            var uids = written.Select(r => SampleUid.TryParse(r.Uid, out var uid) ? uid : throw new InvalidDataException($"{r.Key} has no uid."));
            SampleIdsNpy.Write(stream, written.Count, uids.Order());
        });
        var manifest = new WriteManifest("tar", index, rows.Count, written.Count, [tar, table, stats], ids, new(StringComparer.Ordinal));
        return ShardOutcome.Completed(CurationJson.ToOutput(manifest, new Dictionary<string, long>()));
    }

    private static List<(int Part, ScoreRow Row)> ReadRows(CurationWorkspace workspace, CurationDecision decision, int index)
    {
        var name = OutputNames.Tar(index);
        var (first, end) = ((long)index * decision.SamplesPerShard, ((long)index + 1) * decision.SamplesPerShard);
        var reader = new DecidedPartReader(workspace.Job, decision.Leaves);
        var rows = new List<(int, ScoreRow)>();
        var rank = 0L;
        for (var part = 0; part < decision.Parts.Count && rank < end; part++)
        {
            var kept = decision.Parts[part].Kept;
            if (kept > 0 && rank + kept > first)
            {
                rows.AddRange(reader.ReadFinal(workspace, decision, part).Where(r => r.OutputShard == name).Select(r => (part, r)));
            }

            rank += kept;
        }

        var expected = Math.Min(end, decision.Kept) - first;
        return rows.Count == expected
            ? rows
            : throw new InvalidDataException($"{name}: the plan gives it {expected} samples, the score parts {rows.Count}.");
    }

    private ShardFailure? Copy(OutputSamples outputs, DecidedPart part, List<ScoreRow> rows, TarShardWriter writer, CancellationToken cancellationToken)
    {
        var resolved = Storage.Resolve(part.Source.Path, "input.shards");
        if (!resolved.Ok)
        {
            return new ShardFailure(FailureKind.Fatal, resolved.Fault!.ToString());
        }

        var options = OptionsFor(rows);
        if (!SourceShard.TryOpen(Storage, part.Source with { Path = resolved.Value }, options, out var reader, out var damage))
        {
            return SourceShard.FailureOf(part.Source.Name, damage);
        }

        using (reader)
        {
            return Copy(outputs, part, rows, reader, writer, cancellationToken);
        }
    }

    /// <summary>Reads the samples of kept rows and no other.</summary>
    internal static TarReadOptions OptionsFor(IReadOnlyList<ScoreRow> rows)
    {
        var wanted = rows.Select(r => r.Row).ToHashSet();
        return new TarReadOptions { Wanted = wanted.Contains, BufferBytes = 1 << 18 };
    }

    /// <summary>Copies the samples of kept rows; a sample that was not read whole is not written.</summary>
    internal static ShardFailure? Copy(
        OutputSamples outputs, DecidedPart part, IReadOnlyList<ScoreRow> rows, TarShardReader reader, TarShardWriter writer, CancellationToken cancellationToken)
    {
        var wanted = rows.ToDictionary(r => r.Row);
        var copied = 0;
        while (copied < rows.Count && reader.TryRead(out var sample))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var row = wanted[sample.Ordinal];
            if (sample.Fault is not null || sample.Key != row.Key || SampleIntake.FindImage(sample)?.Data.Length != row.ImageBytes)
            {
                // A kept row had no fault when it was scored: storage failed just now, or these are other bytes.
                break;
            }

            foreach (var output in outputs.Of(row))
            {
                if (writer.Write(output.OutputKey!, outputs.Members(sample, row, output)) is { } refused)
                {
                    return new ShardFailure(FailureKind.Fatal, $"{part.Source.Name}: {refused}");
                }
            }

            copied++;
        }

        return copied == rows.Count ? null
            : reader.Damage is { Retryable: true } unreadable ? SourceShard.FailureOf(part.Source.Name, unreadable)
            : new ShardFailure(
                FailureKind.Fatal,
                $"{part.Source.Name}: the shard is not the one that was scored ({part.SourceBytes:N0} bytes then); do not change input shards while a job runs, and submit the job again.");
    }
}
