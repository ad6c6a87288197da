using System.Text.Json;
using Orchestrator.Domain.Evaluation;
using Orchestrator.Domain.Evaluation.Decoding;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Evaluation;

/// <summary>What the shards of a cell measured.</summary>
internal sealed class Lane
{
    /// <summary>The cell's generations.</summary>
    public List<Generation> Generations { get; } = [];

    /// <summary>Speed: the baseline's beside them.</summary>
    public List<Generation> Baseline { get; } = [];

    /// <summary>Acceptance: files with the target's record, in order of the shards.</summary>
    public List<string> Records { get; } = [];

    /// <summary>Losslessness: first tokens of draws.</summary>
    public List<int[]> Draws { get; } = [];

    /// <summary>Speed: the device.</summary>
    public DeviceFingerprint? Device { get; set; }
}

/// <summary>Everything that the committed shards of an evaluation say, by cell.</summary>
internal sealed class JobLanes
{
    /// <summary>Acceptance lane.</summary>
    public Dictionary<string, Lane> Acceptance { get; } = new(StringComparer.Ordinal);

    /// <summary>Draws of the statistical certificate.</summary>
    public Dictionary<string, Lane> Losslessness { get; } = new(StringComparer.Ordinal);

    /// <summary>Speed lane.</summary>
    public Dictionary<string, Lane> Speed { get; } = new(StringComparer.Ordinal);

    /// <summary>Cost curves with their devices.</summary>
    public List<(DeviceFingerprint Device, VerifyCurve Curve)> Curves { get; } = [];

    /// <summary>Reads them.</summary>
    public static async Task<JobLanes> ReadAsync(ShardWork work, EvaluationWorkspace workspace, CancellationToken cancellationToken)
    {
        var lanes = new JobLanes();
        foreach (var (phase, byCell) in ((string, Dictionary<string, Lane>)[])
            [(EvaluationPlan.Acceptance, lanes.Acceptance), (EvaluationPlan.Losslessness, lanes.Losslessness), (EvaluationPlan.Speed, lanes.Speed)])
        {
            await foreach (var committed in work.Committed.ReadAsync(phase, cancellationToken))
            {
                lanes.Add(byCell, CurationJson.Read<LaneManifest>(committed.Manifest), workspace);
            }
        }

        return lanes;
    }

    private void Add(Dictionary<string, Lane> byCell, LaneManifest manifest, EvaluationWorkspace workspace)
    {
        if (manifest is { Curve: { } curve, Device: { } measuredOn })
        {
            Curves.Add((measuredOn, curve));
            return;
        }

        if (!byCell.TryGetValue(manifest.Cell, out var lane))
        {
            byCell[manifest.Cell] = lane = new Lane { Device = manifest.Device };
        }

        lane.Generations.AddRange(Read(manifest.Generations));
        lane.Baseline.AddRange(Read(manifest.Baseline));
        if (manifest.Record is { } record)
        {
            lane.Records.Add(workspace.PathOf(record));
        }

        if (manifest.Draws is { } draws)
        {
            lane.Draws.AddRange(File.ReadLines(workspace.PathOf(draws)).Select(line => JsonSerializer.Deserialize<int[]>(line)!));
        }

        IEnumerable<Generation> Read(AttemptFile? file) => file is null ? [] : GenerationJsonl.Read(workspace.PathOf(file));
    }
}
