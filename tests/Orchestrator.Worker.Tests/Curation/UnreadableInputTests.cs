using Orchestrator.Data.Formats;
using Orchestrator.Data.Scores;
using Orchestrator.Data.Storage;
using Orchestrator.Data.WebDataset;
using Orchestrator.Domain.Jobs;
using Orchestrator.Worker.Curation;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>Storage that fails while kept samples are copied ends the attempt, not the job, and nothing incomplete is written.</summary>
public sealed class UnreadableInputTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "clip-score", "model": "bright", "as": "clip" } ],
          "output": { "path": "x" } }
        """;

    [Fact]
    public async Task Write_AShardThatCannotBeOpenedJustNow_MayBeTriedAgain()
    {
        using var harness = new CurationHarness();
        var path = Path.Combine(harness.Root, "a.tar");
        Tars.Write(path, Tars.Good(0, 4, 4));
        harness.CrashAfter = (phase, _) =>
        {
            if (phase == "decide")
            {
                // A folder cannot be opened as a file, whoever asks.
                File.Delete(path);
                Directory.CreateDirectory(path);
            }

            return false;
        };
        await harness.RunAsync(Document, "a.tar");
        var failure = harness.Failures["write-0"];
        Assert.Equal(FailureKind.Transient, failure.Kind);
        Assert.Contains("input.shards: a.tar", failure.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be opened", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x80131620, FailureKind.Transient)]
    [InlineData(5, FailureKind.Infrastructure)]
    public void Copy_AReadThatFailsInsideASample_WritesItNotAtAllAndMayBeTriedAgain(uint code, FailureKind kind)
    {
        using var harness = new CurationHarness();
        var path = Path.Combine(harness.Root, "a.tar");
        Tars.Write(path, Tars.Good(0, 2, 4));
        var bytes = File.ReadAllBytes(path);
        long second;
        List<ScoreRow> rows;
        using (var whole = new TarShardReader(new MemoryStream(bytes)))
        {
            var samples = whole.ReadAll().ToList();
            rows = [.. samples.Select(s => new ScoreRow
            {
                Shard = "a.tar", Row = s.Ordinal, Key = s.Key, OutputKey = s.Key, Uid = SampleUid.Derive(s.Key).ToString(),
                ImageBytes = SampleIntake.FindImage(s)!.Data.Length, Text = "", Signals = [1f], Tags = [], State = SampleStates.Kept,
            })];

            // The caption's header is read, the caption is not: the picture is already there.
            second = samples[1].Offset + 512 + ((rows[1].ImageBytes + 511) / 512 * 512) + 512;
        }

        using var pins = new SpoolPins();
        var canonical = Domain.Curation.CurationParser.ToJson(Domain.Curation.CurationParser.ParseCanonical(Document)).ToJsonString();
        var outputs = new OutputSamples(CurationJob.Parse("curation", canonical, harness.Storage, pins));
        var part = new DecidedPart(0, new ScorePayload(path, "a.tar"), bytes.Length, 2, 2, null, new AttemptFile("", "", 0, ""), null, [], null, [], [], null);
        using var reader = new TarShardReader(new FailingStream(bytes, second, unchecked((int)code)), WriteExecutor.OptionsFor(rows));
        using var writer = new TarShardWriter(Stream.Null);

        var failure = WriteExecutor.Copy(outputs, part, rows, reader, writer, TestContext.Current.CancellationToken);
        Assert.Equal(kind, failure?.Kind);
        Assert.Contains("input.shards: a.tar: reading failed (the device is gone)", failure!.Message, StringComparison.Ordinal);
        Assert.Equal(1, writer.Samples);
    }

    private sealed class FailingStream(byte[] bytes, long at, int code) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            Position >= at ? throw new IOException("the device is gone", code) : base.Read(buffer, offset, (int)Math.Min(count, at - Position));
    }
}
