using FsCheck.Xunit;
using Orchestrator.Inference.Text;

namespace Orchestrator.Inference.Tests.Text;

/// <summary>Oracle: fastText's own program on models it trained (<c>Vectors/make_fasttext.py</c>).</summary>
public sealed class FastTextLanguageModelTests
{
    [Theory]
    [InlineData("hs.bin")]
    [InlineData("softmax.bin")]
    [InlineData("ova.bin")]
    [InlineData("hs.ftz")]
    [InlineData("softmax.ftz")]
    public void Predict_GoldenLines_EqualsFastText(string file)
    {
        var golden = VectorFiles.Json("fasttext", "expected.json");
        var lines = golden.GetProperty("lines").EnumerateArray().Select(l => l.GetString()!).ToArray();
        var expected = golden.GetProperty("models").GetProperty(file).EnumerateArray().ToArray();
        var model = FastTextLanguageModel.Load(VectorFiles.Path("fasttext", file));
        Assert.True(lines.Length > 100);
        for (var i = 0; i < lines.Length; i++)
        {
            var predicted = model.Predict(lines[i], 3);
            var wanted = expected[i].EnumerateArray().Select(p => (Label: p[0].GetString()!, Probability: p[1].GetDouble())).ToArray();
            Assert.True(wanted.Length == predicted.Count, $"{file} line {i}: {predicted.Count} labels against {wanted.Length}");
            for (var rank = 0; rank < wanted.Length; rank++)
            {
                // The program prints six significant digits; labels of equal probability have no order.
                Assert.Equal(wanted[rank].Probability, predicted[rank].Probability, Math.Max(1e-7, wanted[rank].Probability * 1e-5));
                Assert.Contains(wanted, w => w.Label == predicted[rank].Label && Math.Abs(w.Probability - predicted[rank].Probability) <= Math.Max(1e-7, w.Probability * 1e-5));
            }
        }
    }

    [Fact]
    public void Predict_Newlines_CountAsSpaces()
    {
        var model = FastTextLanguageModel.Load(VectorFiles.Path("fasttext", "hs.bin"));
        Assert.Equal(model.Predict("kato ri muselhan", 3), model.Predict("kato\nri\r\nmuselhan\n", 3));
        Assert.Equal(["aa", "bb", "cc"], model.Labels.Order());
    }

    [Property(MaxTest = 300)]
    public void Predict_AnyText_GivesProbabilitiesThatAddUp(string? text)
    {
        var model = Softmax.Value;
        var predicted = model.Predict(text ?? "", 3);
        Assert.Equal(3, predicted.Count);
        Assert.Equal(1.0, predicted.Sum(p => p.Probability), 1e-3);
    }

    [Fact]
    public void Load_AnyTruncation_ThrowsNamingFileAndByte()
    {
        foreach (var name in new[] { "hs.bin", "hs.ftz", "softmax.ftz" })
        {
            var whole = VectorFiles.Bytes("fasttext", name);
            using var folder = new TemporaryFolder();
            for (var length = 0; length < whole.Length; length += Math.Max(1, whole.Length / 97))
            {
                var path = folder.Write("cut.bin", whole[..length]);
                var error = Assert.Throws<ModelContractException>(() => FastTextLanguageModel.Load(path));
                Assert.Contains(path, error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Load_WrongBytes_Throws()
    {
        using var folder = new TemporaryFolder();
        var whole = VectorFiles.Bytes("fasttext", "hs.bin");
        Check(0, 1, "magic");
        Check(4, 99, "version");
        Check(8 + (6 * 4), 9, "loss");
        Check(8 + (7 * 4), 1, "model");
        Assert.Contains("no-such", Assert.Throws<ModelContractException>(() => FastTextLanguageModel.Load(System.IO.Path.Combine(folder.Path, "no-such.bin"))).Message, StringComparison.Ordinal);

        void Check(int at, byte value, string field)
        {
            var broken = (byte[])whole.Clone();
            broken[at] = value;
            var error = Assert.Throws<ModelContractException>(() => FastTextLanguageModel.Load(folder.Write("broken.bin", broken)));
            Assert.Equal(field, error.Field);
        }
    }

    private static readonly Lazy<FastTextLanguageModel> Softmax = new(() => FastTextLanguageModel.Load(VectorFiles.Path("fasttext", "softmax.bin")));
}
