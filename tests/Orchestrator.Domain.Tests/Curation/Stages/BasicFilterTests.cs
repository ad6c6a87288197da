using System.Text.Json;
using Orchestrator.Domain.Curation.Stages;

namespace Orchestrator.Domain.Tests.Curation.Stages;

public sealed class BasicFilterTests
{
    private static readonly BasicFilterOptions DataComp = new(3, 6, 200, 3.0, "en", "lid.176.bin", "original");

    [Fact]
    public void CountWordsAndChars_VectorsFromPython_AreEqual()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Curation", "Vectors", "words.json")));
        Assert.True(vectors.RootElement.GetArrayLength() >= 400);
        foreach (var vector in vectors.RootElement.EnumerateArray())
        {
            var text = vector.GetProperty("text").GetString()!;
            Assert.Equal(vector.GetProperty("words").GetInt32(), BasicFilterRule.CountWords(text));
            Assert.Equal(vector.GetProperty("chars").GetInt32(), BasicFilterRule.CountChars(text));
        }
    }

    [Theory]
    [InlineData("a red circle", 200, 600, "en", null)]
    [InlineData("a red circle", 200, 601, "en", "basic-filter.maxAspect")]
    [InlineData("a red circle", 199, 300, "en", "basic-filter.minSide")]
    [InlineData("a red", 400, 400, "en", "basic-filter.minWords")]
    [InlineData("a b c", 400, 400, "en", "basic-filter.minChars")]
    [InlineData("a bb c", 400, 400, "en", null)]
    [InlineData("a red circle", 400, 400, "de", "basic-filter.language")]
    [InlineData("a red circle", 400, 400, null, "basic-filter.language")]
    public void Judge_AtTheBoundsOfDataComp_GivesItsVerdict(string text, int width, int height, string? language, string? reason)
    {
        Assert.Equal(reason, BasicFilterRule.Judge(DataComp, text, width, height, language));
        Assert.Equal(reason, BasicFilterRule.Judge(DataComp, text, height, width, language));
    }

    [Fact]
    public void Judge_LanguageAny_AsksNoModel() =>
        Assert.Null(BasicFilterRule.Judge(DataComp with { Language = "any" }, "a red circle", 300, 300, null));
}
