using System.Text.Json;
using Orchestrator.Data.Formats;
using Orchestrator.Domain.Curation.Synsets;

namespace Orchestrator.Data.Tests.Formats;

/// <summary>Against <c>Vectors/make_synsets.py</c>: base forms by WordNet's own program, labels by CatLIP's steps with NLTK.</summary>
public sealed class WordNetNounsTests
{
    private const string WordNet = "/usr/share/wordnet";

    public static TheoryData<string> Dictionaries() => ["synsets-demo.json", "synsets-wordnet.json"];

    [Theory]
    [MemberData(nameof(Dictionaries))]
    public void Forms_AnyWord_AreThoseOfWordNetsProgram(string vectors)
    {
        var nouns = Read(vectors);
        foreach (var pair in Load(vectors).GetProperty("forms").EnumerateArray())
        {
            var (word, expected) = (pair[0].GetString()!, pair[1].EnumerateArray().Select(f => f.GetString()!));

            // The program shows words of several parts too; captions are read word by word.
            Assert.Equal((word, string.Join(' ', expected.Where(f => !f.Contains('_', StringComparison.Ordinal)))), (word, string.Join(' ', NounMorphy.Forms(word, nouns))));
        }
    }

    [Theory]
    [MemberData(nameof(Dictionaries))]
    public void Label_AnyCaption_GivesCatLipsLabels(string vectors)
    {
        var labeller = new SynsetLabeller(Read(vectors), synonyms: false);
        var labelled = 0;
        foreach (var pair in Load(vectors).GetProperty("captions").EnumerateArray())
        {
            var (caption, expected) = (pair[0].GetString()!, pair[1].EnumerateArray().Select(l => l.GetString()!).ToList());
            Assert.Equal((caption, string.Join(' ', expected)), (caption, string.Join(' ', labeller.Label(caption))));
            labelled += expected.Count > 0 ? 1 : 0;
        }

        Assert.True(labelled > 80);
    }

    [Fact]
    public void Read_AFolderWithoutAFile_NamesItAndTheRemedy()
    {
        using var folder = new TemporaryFolder();
        folder.Put("index.noun");
        folder.Put("data.noun");
        var fault = WordNetNouns.Read(folder.Path, "stages[0].dictionary").Fault!.ToString();
        Assert.Contains("stages[0].dictionary", fault, StringComparison.Ordinal);
        Assert.Contains("has no file noun.exc", fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TheSameFiles_HaveOneDigest()
    {
        var demo = DemoFolder();
        Assert.Equal(WordNetNouns.Read(demo, "d").Value.Digest, WordNetNouns.Read(demo, "d").Value.Digest);
        using var other = new TemporaryFolder();
        foreach (var name in WordNetNouns.FileNames)
        {
            other.Put(name, File.ReadAllBytes(Path.Combine(demo, name)));
        }

        Assert.Equal(WordNetNouns.Read(demo, "d").Value.Digest, WordNetNouns.Read(other.Path, "d").Value.Digest);
        File.AppendAllText(other.File("noun.exc"), "oxen ring\n");
        var changed = WordNetNouns.Read(other.Path, "d").Value;
        Assert.NotEqual(WordNetNouns.Read(demo, "d").Value.Digest, changed.Digest);
        Assert.Equal("ring", NounMorphy.Lemma("oxen", changed));
    }

    private static WordNetNouns Read(string vectors)
    {
        var real = vectors == "synsets-wordnet.json";
        Assert.SkipUnless(!real || Directory.Exists(WordNet), $"Needs WordNet 3.0 in {WordNet}: Debian's wordnet-base. The demo's dictionary is tested in any case.");
        return WordNetNouns.Read(real ? WordNet : DemoFolder(), "dictionary").Value;
    }

    private static JsonElement Load(string vectors) => JsonDocument.Parse(Vector.Bytes(vectors)).RootElement;

    private static string DemoFolder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Orchestrator.sln")))
            {
                return Path.Combine(at.FullName, "samples", "wordnet-demo");
            }
        }

        throw new InvalidOperationException("The tests were not built inside the repository.");
    }
}
