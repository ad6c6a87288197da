using Orchestrator.Domain.Curation;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;
using Orchestrator.Worker.Execution;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>
/// Committed files that somebody else changes while a job runs: the job ends with the bytes of an undisturbed run, or with an error
/// that names the file; never as succeeded with other bytes.
/// </summary>
public sealed class TamperTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "basic-filter", "language": "any" }, { "type": "dedup", "method": "sha256" }, { "type": "clip-score", "model": "bright", "as": "clip" } ],
          "select": { "by": "clip", "topFraction": 0.5 },
          "output": { "path": "x", "samplesPerShard": 8 } }
        """;

    private static readonly string[] Ways = ["replaced", "truncated", "flipped", "emptied", "removed"];

    /// <summary>Each phase's committed files, each in its turn, before each later phase.</summary>
    public static TheoryData<string, string, string> Cells()
    {
        var cells = new TheoryData<string, string, string>();
        foreach (var (of, before) in ((string, string)[])
            [
                (CurationPlan.Score, CurationPlan.Decide), (CurationPlan.Score, CurationPlan.Write), (CurationPlan.Score, CurationPlan.Publish),
                (CurationPlan.Decide, CurationPlan.Write), (CurationPlan.Decide, CurationPlan.Publish), (CurationPlan.Write, CurationPlan.Publish),
            ])
        {
            foreach (var way in Ways)
            {
                cells.Add(of, before, way);
            }
        }

        return cells;
    }

    [Theory]
    [MemberData(nameof(Cells))]
    public async Task Run_ACommittedFileChanged_EndsWithTheSameBytes(string of, string before, string way)
    {
        using var plain = new CurationHarness();
        Assert.Equal(JobState.Succeeded, (await plain.RunAsync(Document, WritePool(plain))).State);
        var files = await CountFilesAsync(of);
        for (var nth = 0; nth < files; nth++)
        {
            using var harness = new CurationHarness();
            var (done, touched) = (false, "");
            harness.BeforePhase = phase =>
            {
                if (phase == before && !done)
                {
                    done = true;
                    touched = Tamper(harness, of, nth, way);
                }
            };
            var end = await harness.RunAsync(Document, WritePool(harness));
            Assert.True(end.State == JobState.Succeeded, $"{touched}: {end.Error} {string.Join(' ', harness.Failures.Values.Select(f => f.Message))}");
            Assert.Equal(plain.OutputDigests(), harness.OutputDigests());
            Assert.False(Directory.Exists(Path.Combine(harness.Output, ".work")), touched);
        }
    }

    [Theory]
    [InlineData(CurationPlan.Score, CurationPlan.Decide)]
    [InlineData(CurationPlan.Decide, CurationPlan.Write)]
    [InlineData(CurationPlan.Write, CurationPlan.Publish)]
    public async Task Run_TheSameFileChangedTwice_FailsAndNamesIt(string of, string before)
    {
        using var harness = new CurationHarness();
        var touched = "";
        harness.BeforePhase = phase => touched = phase == before ? Tamper(harness, of, 0, "flipped") : touched;
        var end = await harness.RunAsync(Document, WritePool(harness));
        Assert.Equal(JobState.Failed, end.State);
        Assert.Contains(touched, end.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(harness.Output, "manifest.json")));
    }

    /// <summary>Everything that was committed is gone at once, and is looked for at once: no shard runs a third time.</summary>
    [Theory]
    [InlineData(CurationPlan.Decide)]
    [InlineData(CurationPlan.Write)]
    [InlineData(CurationPlan.Publish)]
    public async Task Run_TheOutputFolderRemovedInMidJob_EndsWithTheSameBytes(string before)
    {
        using var plain = new CurationHarness();
        await plain.RunAsync(Document, WritePool(plain));
        using var harness = new CurationHarness();
        var phases = new List<string>();
        harness.BeforePhase = phase =>
        {
            if (phase == before && !phases.Contains(before))
            {
                Directory.Delete(harness.Output, recursive: true);
            }

            phases.Add(phase);
        };
        Assert.Equal(JobState.Succeeded, (await harness.RunAsync(Document, WritePool(harness))).State);
        Assert.Equal(plain.OutputDigests(), harness.OutputDigests());
        Assert.Equal(3, harness.Reopened.Count(r => r.Phase == CurationPlan.Score));
        Assert.Equal(2, phases.Count(phase => phase == before));
    }

    /// <summary>A file that has its final name is still the job's until the manifest is written.</summary>
    [Fact]
    public async Task Run_APublishedFileChangedBetweenTwoAttempts_EndsWithTheSameBytes()
    {
        using var plain = new CurationHarness();
        await plain.RunAsync(Document, WritePool(plain));
        using var harness = new CurationHarness();
        var died = false;
        harness.CrashAfter = (phase, _) =>
        {
            if (phase != CurationPlan.Publish || died)
            {
                return false;
            }

            // After its last step, and somebody takes the manifest away: only what is found right is kept.
            died = true;
            var tar = Path.Combine(harness.Output, "00000000.tar");
            Flip(tar);
            File.Delete(Path.Combine(harness.Output, "manifest.json"));
            return true;
        };
        var end = await harness.RunAsync(Document, WritePool(harness));
        Assert.True(died);
        Assert.Equal(JobState.Succeeded, end.State);
        Assert.Equal(plain.OutputDigests(), harness.OutputDigests());
    }

    private static string[] WritePool(CurationHarness harness) =>
        [.. Enumerable.Range(0, 3).Select(shard =>
        {
            var members = Tars.Good(shard, 9, 27).ToList();
            if (shard == 1)
            {
                members.Add(("broken.png", [1, 2, 3]));
                members.Add(("broken.txt", "a broken picture"u8.ToArray()));
            }

            Tars.Write(Path.Combine(harness.Root, $"{shard}.tar"), [.. members]);
            return $"{shard}.tar";
        })];

    private static async Task<int> CountFilesAsync(string phase)
    {
        using var harness = new CurationHarness();
        var files = 0;
        harness.BeforePhase = next => files = next == CurationPlan.Publish ? FilesOf(harness, phase).Count : files;
        await harness.RunAsync(Document, WritePool(harness));
        return files;
    }

    private static List<AttemptFile> FilesOf(CurationHarness harness, string phase) =>
        [.. harness.Committed(phase).Values.SelectMany(view => SpoiltInputs.FilesOf(view.Manifest)).DistinctBy(file => file.Path)
            .Where(file => JobFolder.OwnerOf(file.Path, "")?.Phase == phase)];

    /// <summary>Does something to the n-th committed file of a phase; its path.</summary>
    private static string Tamper(CurationHarness harness, string phase, int nth, string way)
    {
        var files = FilesOf(harness, phase);
        var path = Path.Combine(harness.Output, files[nth].Path);
        switch (way)
        {
            case "replaced":
                // By a file of the same kind where there is one: other scores, another tar.
                var other = files.Find(file => file.Path != files[nth].Path && Path.GetExtension(file.Path) == Path.GetExtension(path) && file.Sha256 != files[nth].Sha256);
                File.WriteAllBytes(path, other is null ? "another"u8.ToArray() : File.ReadAllBytes(Path.Combine(harness.Output, other.Path)));
                break;
            case "truncated":
                File.WriteAllBytes(path, File.ReadAllBytes(path).AsSpan(0, Math.Max(0, (int)(files[nth].Bytes - 1))).ToArray());
                if (files[nth].Bytes == 0)
                {
                    File.Delete(path);
                }

                break;
            case "flipped":
                Flip(path);
                break;
            case "emptied":
                File.WriteAllBytes(path, files[nth].Bytes == 0 ? [0] : []);
                break;
            default:
                File.Delete(path);
                break;
        }

        return files[nth].Path;
    }

    private static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length == 0)
        {
            bytes = [1];
        }
        else
        {
            bytes[bytes.Length / 2] ^= 1;
        }

        File.WriteAllBytes(path, bytes);
    }
}
