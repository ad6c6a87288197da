using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

public sealed class ModelFolderTests
{
    [Fact]
    public void Open_Tiny_ReadsKindManifestAndConfig()
    {
        var folder = ModelFolder.Open(VectorFiles.Path("clip-tiny"));
        Assert.Equal(("clip", "clip-tiny", 100.0), (folder.Kind, folder.Name, folder.Manifest.LogitScale));
        Assert.Null(folder.Manifest.LogitBias);
        Assert.Equal(914, folder.ConfigInteger("text_config.vocab_size"));
        Assert.Null(folder.ConfigInteger("text_config.none"));
        Assert.EndsWith("model_fp16.onnx", folder.FindGraph("vision", InferencePrecision.Fp16, "vision_model"));
        Assert.EndsWith("vision_model.onnx", folder.FindGraph("vision", InferencePrecision.Fp32, "vision_model"));
        Assert.Null(folder.FindGraph("decoder", InferencePrecision.Fp32, "decoder_model"));
    }

    [Theory]
    [InlineData("config.json", """{"model_type": "clip"}""", "clip")]
    [InlineData("config.json", """{"model_type": "siglip2"}""", "siglip")]
    [InlineData("config.json", """{"model_type": "llama"}""", "causal-lm")]
    [InlineData("orchestrator.json", """{"kind": "medusa"}""", "medusa")]
    public void Open_TellsTheKind(string file, string json, string kind)
    {
        using var folder = new TemporaryFolder();
        folder.Write(file, json);
        Assert.Equal(kind, ModelFolder.Open(folder.Path).Kind);
    }

    [Theory]
    [InlineData("config.json", """{"model_type": "resnet"}""", "model_type")]
    [InlineData("config.json", """{"model_type": "blip"}""", "model_type")]
    [InlineData("config.json", "{}", "kind")]
    [InlineData("config.json", "not json", "file")]
    [InlineData("orchestrator.json", """{"files": {"vision": "../elsewhere.onnx"}}""", "files.vision")]
    [InlineData("orchestrator.json", """{"files": {"vision": "/etc/passwd"}}""", "files.vision")]
    [InlineData("orchestrator.json", """{"files": ["a"]}""", "files")]
    [InlineData("orchestrator.json", """{"golden": "../../secret"}""", "files.golden")]
    [InlineData("orchestrator.json", """{"logit_scale": "big"}""", "logit_scale")]
    [InlineData("orchestrator.json", """{"text_cleaning": "loud"}""", "text_cleaning")]
    public void Open_BrokenFolder_NamesFileAndField(string file, string json, string field)
    {
        using var folder = new TemporaryFolder();
        folder.Write(file, json);
        var error = Assert.Throws<ModelContractException>(() => ModelFolder.Open(folder.Path));
        Assert.Equal(field, error.Field);
        Assert.StartsWith(folder.Path, error.File, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_NoFolder_Throws() => Assert.Equal("folder", Assert.Throws<ModelContractException>(() => ModelFolder.Open("no-such-folder")).Field);

    [Fact]
    public void Digest_ChangesWithContentAndName_NotWithPlaceOrTime()
    {
        using var one = DualEncoderTests.Tiny();
        using var two = DualEncoderTests.Tiny();
        var digest = ModelFolder.Open(one.Path).Digest;
        Assert.Matches("^[0-9a-f]{64}$", digest);
        Assert.Equal(digest, ModelFolder.Open(two.Path).Digest);

        two.Write("onnx/vision_model.onnx", new byte[3]);
        var changed = ModelFolder.Open(two.Path).Digest;
        File.Move(Path.Combine(one.Path, "golden.json"), Path.Combine(one.Path, "golden2.json"));
        Assert.Distinct([digest, changed, ModelFolder.Open(one.Path).Digest]);
    }

    [Fact]
    public void Catalog_FindsByName_FirstRootWins_AndListsWhatThereIs()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        first.Write("a/config.json", """{"model_type": "clip"}""");
        second.Write("a/config.json", """{"model_type": "siglip"}""");
        second.Write("b/orchestrator.json", """{"kind": "medusa"}""");
        second.Write("notes/readme.txt", "no model");
        var catalog = new ModelCatalog([first.Path, second.Path, Path.Combine(first.Path, "missing")]);

        Assert.Equal(["a", "b"], catalog.Names());
        Assert.Equal("clip", catalog.Get("a").Kind);
        Assert.Same(catalog.Get("a"), catalog.Get("a"));
        Assert.Contains("one of [a, b]", Assert.Throws<ModelContractException>(() => catalog.Get("c")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../a")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("/etc")]
    [InlineData("C:\\x")]
    public void Catalog_NameThatIsAPath_IsRefused(string name)
    {
        using var root = new TemporaryFolder();
        root.Write("a/config.json", """{"model_type": "clip"}""");
        Assert.Contains("without a path", Assert.Throws<ModelContractException>(() => new ModelCatalog([Path.Combine(root.Path, "a")]).Get(name)).Message, StringComparison.Ordinal);
    }
}
