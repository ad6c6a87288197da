using System.Text.Json.Nodes;
using Orchestrator.Inference.Sessions;

namespace Orchestrator.Inference.Tests.Sessions;

/// <summary>Golden runs of the kinds that have them, on graphs and tensors PyTorch made (<c>Vectors/make_lm_tiny.py</c>).</summary>
public sealed class GoldenRunTests
{
    private static readonly InferenceOptions Cpu = new() { IntraOpThreads = 1 };
    private static readonly InferenceOptions Half = Cpu with { Precision = InferencePrecision.Fp16 };

    [Theory]
    [InlineData("lm-tiny", new[] { "decode", "tree" })]
    [InlineData("medusa-tiny", new[] { "heads" })]
    [InlineData("eagle-tiny", new[] { "fuse", "decode" })]
    [InlineData("mtp-tiny", new[] { "heads", "decode" })]
    public void Verify_LanguageKinds_PassInBothPrecisions(string name, string[] runs)
    {
        foreach (var options in new[] { Cpu, Half })
        {
            var report = ModelVerifier.Verify(ModelFolder.Open(VectorFiles.Path(name)), options);
            Assert.True(report.Passed, string.Join('\n', report.Runs()));
            Assert.Equal(runs, report.Runs().Select(r => r.Run));
        }
    }

    [Fact]
    public void Verify_OtherValues_Fail_AndNaNFails()
    {
        using var folder = Medusa();
        var path = Path.Combine(folder.Path, "golden", "heads.medusa_logits.npy");
        foreach (var value in new[] { 0.5f, float.NaN })
        {
            var bytes = VectorFiles.Bytes("medusa-tiny", "golden", "heads.medusa_logits.npy");
            BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), value);
            File.WriteAllBytes(path, bytes);
            var report = ModelVerifier.Verify(ModelFolder.Open(folder.Path), Cpu);
            Assert.False(report.Passed);
            Assert.False(report.LargestDeviation < 0.01);
        }
    }

    [Fact]
    public void Verify_GraphWithoutAGoldenRun_IsLoadedAndSaysSo()
    {
        using var folder = Medusa();
        Change(folder, "orchestrator.json", manifest => manifest["files"]!["fused"] = "onnx/heads.onnx");
        var row = ModelVerifier.Verify(ModelFolder.Open(folder.Path), Cpu).Rows.Single(r => r.Measure == "load");
        Assert.Equal(("fused", "loads; no golden run"), (row.Run, row.Detail));
    }

    [Fact]
    public void Verify_InputWithoutAGoldenTensor_IsNamed()
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("eagle-tiny"));
        Change(folder, "golden.json", golden => golden["runs"]!.AsArray().Single(r => (string)r!["name"]! == "decode")!["inputs"]!.AsObject().Remove("position_ids"));
        Assert.Contains("position_ids: expected golden run decode to feed it, found no tensor", Complaint(folder.Path, Cpu), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("kind", "kind", "one of [clip, siglip")]
    [InlineData("roles", "files", "heads, the graphs of medusa")]
    [InlineData("twin", "files.heads_fp16", "half-precision twin")]
    [InlineData("twin-file", "file", "gone.onnx")]
    [InlineData("run-role", "runs[0].file", "one of [heads, other_fp16")]
    [InlineData("run-shape", "shape", "as hidden_states of heads.onnx takes")]
    [InlineData("run-type", "descr", "int64")]
    [InlineData("run-graph-type", "descr", "which is Float")]
    [InlineData("run-strange-input", "nope", "an input of that name")]
    [InlineData("run-output", "nope", "an output of that name")]
    [InlineData("run-missing-file", "file", "gone.npy")]
    [InlineData("run-outside", "runs[0].inputs.hidden_states", "of the model folder")]
    [InlineData("no-runs", "runs", "at least one run")]
    [InlineData("texts", "texts", "no tokenizer of its own")]
    public void Verify_BrokenFolder_NamesFileAndField(string fault, string field, string part)
    {
        using var folder = Medusa();
        Change(folder, "orchestrator.json", manifest =>
        {
            var files = manifest["files"]!.AsObject();
            switch (fault)
            {
                case "kind":
                    manifest["kind"] = "resnet";
                    break;
                case "roles":
                    files.Clear();
                    break;
                case "twin" or "run-role":
                    files["other_fp16"] = "onnx/heads_fp16.onnx";
                    files.Remove("heads_fp16");
                    break;
                case "twin-file":
                    files["heads_fp16"] = "onnx/gone.onnx";
                    break;
            }
        });
        Change(folder, "golden.json", golden =>
        {
            var run = golden["runs"]![0]!;
            switch (fault)
            {
                case "run-role":
                    run["file"] = "nope";
                    break;
                case "run-shape":
                    run["inputs"]!["hidden_states"] = "golden/heads.medusa_logits.npy";
                    break;
                case "run-type":
                    folder.Write("golden/ids.npy", Npy("<i2", [1, 3, 16], new byte[3 * 16 * 2]));
                    run["inputs"]!["hidden_states"] = "golden/ids.npy";
                    break;
                case "run-graph-type":
                    folder.Write("golden/ids.npy", Npy("<i8", [1, 3, 16], new byte[3 * 16 * 8]));
                    run["inputs"]!["hidden_states"] = "golden/ids.npy";
                    break;
                case "run-strange-input":
                    run["inputs"]!["nope"] = "golden/heads.medusa_logits.npy";
                    break;
                case "run-output":
                    run["outputs"] = new JsonObject { ["nope"] = "golden/heads.medusa_logits.npy" };
                    break;
                case "run-missing-file":
                    run["outputs"]!["medusa_logits"] = "golden/gone.npy";
                    break;
                case "run-outside":
                    run["inputs"]!["hidden_states"] = "../x.npy";
                    break;
                case "no-runs":
                    golden["runs"] = new JsonArray();
                    break;
                case "texts":
                    golden["texts"] = new JsonArray(new JsonObject { ["text"] = "a", ["ids"] = new JsonArray(1) });
                    break;
            }
        });
        var options = fault.StartsWith("twin", StringComparison.Ordinal) ? Half : Cpu;
        var complaint = Complaint(folder.Path, options);
        Assert.StartsWith(folder.Path, complaint, StringComparison.Ordinal);
        Assert.Contains($": {field}: expected ", complaint, StringComparison.Ordinal);
        Assert.Contains(part, complaint, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_SeveralFaults_AreAllReported_AndTheOtherRunsStillCompared()
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("mtp-tiny"));
        File.Delete(Path.Combine(folder.Path, "golden", "heads.medusa_logits.npy"));
        Change(folder, "orchestrator.json", manifest => manifest["files"]!["spare"] = "onnx/gone.onnx");
        var report = ModelVerifier.Verify(ModelFolder.Open(folder.Path), Cpu);
        Assert.False(report.Passed);
        Assert.Equal(["heads", "spare"], report.Rows.Where(r => r.Measure == "error").Select(r => r.Run));
        Assert.True(report.Rows.Count(r => r.Run == "decode" && r.Deviation < 1e-5) >= 4);
    }

    [Theory]
    [InlineData("NUMPY", "an npy file")]
    [InlineData("order", "fortran_order")]
    [InlineData("short", "values, those in the file")]
    [InlineData("type", "<f4, <i8 or |b1")]
    public void Npy_OtherFiles_AreNamed(string fault, string part)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("x.npy", fault switch
        {
            "NUMPY" => new byte[40],
            "order" => Npy("<f4", [2], new byte[8], "True"),
            "short" => Npy("<f4", [3], new byte[8]),
            _ => Npy(">f4", [2], new byte[8]),
        });
        var error = Assert.Throws<ModelContractException>(() => NpyArray.Read(path));
        Assert.Equal(path, error.File);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Npy_ScalarEmptyAndBool_AreRead()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(7L, Assert.Single((long[])NpyArray.Read(folder.Write("a.npy", Npy("<i8", [], BitConverter.GetBytes(7L)))).Values));
        var empty = NpyArray.Read(folder.Write("b.npy", Npy("<f4", [2, 0, 3], [])));
        Assert.Equal((3, 0), (empty.Shape.Length, empty.Values.Length));
        Assert.Equal([true, false], (bool[])NpyArray.Read(folder.Write("c.npy", Npy("|b1", [2], [1, 0]))).Values);
    }

    [Fact]
    public void Datastore_TokensAgainstManifestAndBase()
    {
        using var root = new TemporaryFolder();
        root.Write("lm/orchestrator.json", """{"kind": "causal-lm", "vocab_size": 500}""");
        root.Write("rest/orchestrator.json", """{"kind": "retrieval-datastore", "tokens": 3, "base": "lm"}""");
        root.Write("rest/datastore.bin", [1, 0, 0xF3, 1, 7, 0]);
        var folder = ModelFolder.Open(Path.Combine(root.Path, "rest"));
        Assert.Equal([(ushort)1, (ushort)499, (ushort)7], TokenDatastore.Load(folder).Tokens);
        Assert.True(ModelVerifier.Verify(folder, Cpu).Passed);

        root.Write("rest/datastore.bin", [1, 0, 0xF4, 1, 7, 0]);
        Assert.False(ModelVerifier.Verify(folder, Cpu).Passed);
        root.Write("rest/datastore.bin", [1, 0, 7, 0]);
        Assert.Equal("tokens", Assert.Throws<ModelContractException>(() => ModelVerifier.Verify(folder, Cpu)).Field);
        File.Delete(Path.Combine(root.Path, "rest", "datastore.bin"));
        Assert.Equal("file", Assert.Throws<ModelContractException>(() => ModelVerifier.Verify(folder, Cpu)).Field);
    }

    /// <summary>A golden row may be cut where the model cuts, and nowhere else.</summary>
    [Fact]
    public void Verify_TextGoldens_AreCutAtTheModelsLengthOnly()
    {
        using var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("blip-itm-tiny"));
        Change(folder, "orchestrator.json", manifest => manifest["max_tokens"] = 6);
        bool Passes(string text, params int[] ids)
        {
            Change(folder, "golden.json", golden => golden["texts"] = new JsonArray(new JsonObject { ["text"] = text, ["ids"] = new JsonArray([.. ids.Select(id => (JsonNode)id)]) }));
            return ModelVerifier.Verify(ModelFolder.Open(folder.Path), Cpu).Rows.Single(r => r.Measure == "ids").Deviation == 0;
        }

        Assert.True(Passes("a picture of the red", 2, 5, 6, 7, 8, 3));
        Assert.True(Passes("a picture of", 2, 5, 6, 7, 3));
        Assert.True(Passes("a picture", 2, 5, 6, 3, 0, 0));
        Assert.True(Passes("a picture", 5, 6));
        Assert.False(Passes("a picture of the red", 2, 5, 6, 7, 3));
        Assert.False(Passes("a picture of the", 2, 5, 6, 7, 9, 3));
        Assert.False(Passes("a picture of", 2, 5, 6, 7, 3, 3));
    }

    /// <summary>The one thing wrong with a folder, thrown or reported.</summary>
    private static string Complaint(string path, InferenceOptions options)
    {
        try
        {
            var report = ModelVerifier.Verify(ModelFolder.Open(path), options);
            Assert.False(report.Passed);
            return Assert.Single(report.Rows, r => r.Measure == "error").Detail;
        }
        catch (ModelContractException e)
        {
            return e.Message;
        }
    }

    private static TemporaryFolder Medusa()
    {
        var folder = new TemporaryFolder();
        folder.CopyFrom(VectorFiles.Path("medusa-tiny"));
        return folder;
    }

    private static void Change(TemporaryFolder folder, string file, Action<JsonNode> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(folder.Path, file)))!;
        change(json);
        folder.Write(file, json.ToJsonString());
    }

    private static byte[] Npy(string type, int[] shape, byte[] data, string order = "False")
    {
        var header = $"{{'descr': '{type}', 'fortran_order': {order}, 'shape': ({string.Concat(shape.Select(n => n + ", "))}), }}\n";
        return [0x93, .. "NUMPY\x01\0"u8, .. BitConverter.GetBytes((ushort)header.Length), .. System.Text.Encoding.ASCII.GetBytes(header), .. data];
    }
}
