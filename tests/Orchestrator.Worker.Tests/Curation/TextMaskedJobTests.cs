using System.Text;
using NetVips;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Jobs;

namespace Orchestrator.Worker.Tests.Curation;

public sealed class TextMaskedJobTests
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["a.tar"] },
          "stages": [ { "type": "clip-score", "model": "bright", "as": "clip" }, { "type": "text-masked-score", "model": "bright", "detector": "find", "grow": 0.5 MORE } ],
          "select": { "by": "masked", "of": "area", "min": 0.01 },
          "output": { "path": "x", "samplesPerShard": 10 } }
        """;

    [Fact]
    public async Task Run_WhiteWordsOnGrey_ScoresThePictureWithoutThem()
    {
        using var harness = new CurationHarness();
        Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Sample("none", []), .. Sample("word", [(60, 40, 80, 40)]), .. Sample("two", [(20, 20, 40, 40), (140, 120, 60, 60)])]);
        var end = await harness.RunAsync(Document.Replace("MORE", "", StringComparison.Ordinal), "a.tar");
        Assert.Equal(JobState.Succeeded, end.State);
        using var reader = ScorePartReader.OpenOrThrow(Path.Combine(harness.Output, "scores/part-00000.parquet"));
        var rows = reader.ReadRows().ToDictionary(r => r.Key);
        Assert.Equal(["clip", "masked", "masked.area"], reader.Schema.Signals);
        Assert.All(rows.Values, r => Assert.Equal(100 / 255f, r.Signals[1]!.Value, 0.01));
        Assert.Equal(0, rows["none"].Signals[2]!.Value);
        Assert.True(rows["word"].Signals[0] > rows["word"].Signals[1] + 0.03);

        // Cells are 20 pixels; boxes of 80 x 40 grow by 20 pixels on each side.
        Assert.Equal(120 * 80 / (240f * 220), rows["word"].Signals[2]!.Value, 0.02);
        Assert.Equal(["word", "two"], rows.Values.Where(r => r.State == "kept").Select(r => r.Key));
        Assert.Equal("d3", (string)harness.Manifest()["models"]!["find"]!);
    }

    [Fact]
    public async Task Run_AnyOrderAnyCrash_GivesTheSameBytes()
    {
        async Task<SortedDictionary<string, string>> Run(CurationHarness harness)
        {
            Tars.Write(Path.Combine(harness.Root, "a.tar"), [.. Sample("a", []), .. Sample("b", [(60, 40, 80, 40)])]);
            Tars.Write(Path.Combine(harness.Root, "b.tar"), [.. Sample("c", [(0, 0, 240, 220)]), .. Sample("d", [(200, 180, 40, 40)])]);
            await harness.RunAsync(Document.Replace("MORE", ", \"keepEmbeddings\": true", StringComparison.Ordinal), "a.tar", "b.tar");
            return harness.OutputDigests();
        }

        using var plain = new CurationHarness();
        using var rough = new CurationHarness { Order = shards => shards.Reverse(), CrashAfter = (_, _) => true };
        Assert.Equal(await Run(plain), await Run(rough));

        // Embeddings of masked pictures have a digest of their own.
        Assert.NotEqual("i1", (string)plain.Manifest()["embeddings"]!["masked"]!);
    }

    private static (string, byte[])[] Sample(string key, (int Left, int Top, int Width, int Height)[] white)
    {
        using var grey = (Image.Black(240, 220, bands: 3) + 100).Cast(Enums.BandFormat.Uchar);
        using var picture = grey.Mutate(image =>
        {
            foreach (var (left, top, width, height) in white)
            {
                image.DrawRect([255, 255, 255], left, top, width, height, fill: true);
            }
        });
        return [($"{key}.png", picture.PngsaveBuffer(compression: 1)), ($"{key}.txt", Encoding.UTF8.GetBytes("a word"))];
    }
}
