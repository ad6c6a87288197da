using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;

namespace Orchestrator.Worker.Curation.Report;

/// <summary>Gathers what the report shows from the published files of a job, in memory that does not grow with the pool.</summary>
/// <param name="workspace">The job's folder, score parts and <c>quarantine.jsonl</c> under their final names.</param>
/// <param name="decision">The plan.</param>
/// <param name="files">The files that have their final names, with digests.</param>
internal sealed class ReportReader(CurationWorkspace workspace, CurationDecision decision, IReadOnlyDictionary<string, FileDigest> files)
{
    /// <summary>Lines of <c>quarantine.jsonl</c> shown.</summary>
    public const int MaxQuarantine = 200;

    /// <summary>Gathers.</summary>
    public ReportFacts Read(IReadOnlyDictionary<string, long> counts, IReadOnlyDictionary<string, string> models, CancellationToken cancellationToken)
    {
        string[] parts = [.. decision.Parts.Select(p => PathOf(OutputNames.ScorePart(p.Index)))];
        var scan = ScoreScan.Read(parts, workspace.Job, decision, cancellationToken);
        var galleries = scan.Galleries().Where(g => g.Places.Count > 0).ToList();
        var cards = new GalleryReader(parts, decision, workspace.Storage).Read(galleries.SelectMany(g => g.Places), cancellationToken);
        return new ReportFacts(
            workspace.Job,
            decision,
            counts,
            models,
            ReportVersions.Of(),
            decision.Leaves.Count is > 0 and <= SelectionPreview.MaxLeaves
                ? SelectionPreview.Count(parts, CandidateMap.Read(parts, cancellationToken), workspace.Job.Select, [.. decision.Leaves.Select(l => l.Cut)], cancellationToken)
                : null,
            scan.Distributions,
            [.. galleries.Select(g => new Gallery(g.Signal, g.Kind, [.. g.Places.Select(p => cards[p])]))],
            ReadQuarantine());
    }

    private string PathOf(string name) => workspace.Files.Fetch(name, files[name], workspace.Pins);

    private List<QuarantineRecord> ReadQuarantine()
    {
        using var lines = File.OpenRead(PathOf("quarantine.jsonl"));
        return [.. QuarantineJsonl.Read(lines, "quarantine.jsonl").Take(MaxQuarantine)];
    }
}
