using System.Text.Json;

namespace Orchestrator.Cli.Tests.Commands;

/// <summary><c>models verify</c> on model folders of the repository, copied and damaged.</summary>
public sealed class ModelsVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("models-verb-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Verify_GoodModelsAtAnyDepth_PrintATable()
    {
        Copy("clip-tiny", "clip");
        Copy("blip-caption-tiny", "deep/er/captioner");
        var (code, output) = await Run("models", "verify", _folder);
        Assert.Equal(ExitCodes.Done, code);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Matches(@"^model\s+kind\s+precision\s+run\s+deviation\s+limit\s+ok$", lines[0]);
        Assert.Contains(lines, l => l.StartsWith("clip  ", StringComparison.Ordinal) && l.Contains("fp16") && l.Contains("images") && l.Contains("1.0e-2") && l.EndsWith("ok", StringComparison.Ordinal));
        foreach (var run in "prefill step tokenizer vision".Split(' '))
        {
            Assert.Equal(2, lines.Count(l => System.Text.RegularExpressions.Regex.IsMatch(l, $@"^deep/er/captioner\s+blip-caption\s+fp(32|16)\s+{run}\s+\d\.\de[+-]\d\s+1\.0e-[24]\s+ok$")));
        }

        Assert.Equal("2 models, all within limits", lines[^1]);
    }

    [Fact]
    public async Task Verify_BrokenModels_AreNamedAndTheOthersStillVerified()
    {
        Copy("blip-itm-tiny", "good");
        Copy("blip-itm-tiny", "no-golden");
        File.Delete(Path.Combine(_folder, "no-golden", "golden.json"));
        Copy("blip-itm-tiny", "wrong-kind");
        Replace("wrong-kind/orchestrator.json", "blip-itm", "resnet");
        Copy("blip-itm-tiny", "wrong-values");
        File.Copy(Path.Combine(_folder, "wrong-values/onnx/vision_model.onnx"), Path.Combine(_folder, "wrong-values/onnx/text_encoder_model_fp16.onnx"), overwrite: true);
        var npy = Path.Combine(_folder, "wrong-values/golden/match.itm_logits.npy");
        File.WriteAllBytes(npy, [.. File.ReadAllBytes(npy)[..^4], .. BitConverter.GetBytes(9f)]);
        Copy("blip-itm-tiny", "wrong-type");
        var ids = Path.Combine(_folder, "wrong-type/golden/match.input_ids.npy");
        File.WriteAllText(ids, File.ReadAllText(ids, System.Text.Encoding.Latin1).Replace("<i8", "<i4", StringComparison.Ordinal), System.Text.Encoding.Latin1);

        var (code, output) = await Run("models", "verify", _folder, "--json");
        Assert.Equal(ExitCodes.JobFailed, code);
        var rows = JsonDocument.Parse(output).RootElement.EnumerateArray().ToLookup(r => r.GetProperty("model").GetString()!);
        Assert.Equal(["good", "no-golden", "wrong-kind", "wrong-type", "wrong-values"], rows.Select(g => g.Key));
        Assert.All(rows["good"], r => Assert.True(r.GetProperty("ok").GetBoolean()));
        Assert.Equal(6, rows["good"].Count());
        Assert.All(rows["no-golden"], r => Assert.Contains("golden.json: file: expected golden vectors", r.GetProperty("detail").GetString(), StringComparison.Ordinal));
        Assert.Contains("one of [clip, siglip", Assert.Single(rows["wrong-kind"]).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.All(rows["wrong-type"], r => Assert.Equal(r.GetProperty("run").GetString() != "match", r.GetProperty("ok").GetBoolean()));
        Assert.Equal(2, rows["wrong-type"].Count(r => r.GetProperty("detail").GetString()!.Contains("found <i4", StringComparison.Ordinal)));
        var wrong = rows["wrong-values"].Single(r => r.GetProperty("run").GetString() == "match" && r.GetProperty("precision").GetString() == "fp32");
        Assert.True(!wrong.GetProperty("ok").GetBoolean() && wrong.GetProperty("deviation").GetDouble() > 0.5 && wrong.GetProperty("limit").GetDouble() == 1e-4);
        var broken = rows["wrong-values"].Where(r => r.GetProperty("precision").GetString() == "fp16" && !r.GetProperty("ok").GetBoolean()).ToArray();
        Assert.Equal(["match", "load"], broken.Select(r => r.GetProperty("run").GetString()));
        Assert.All(broken, r => Assert.Contains("text_encoder_model_fp16.onnx", r.GetProperty("detail").GetString(), StringComparison.Ordinal));

        (code, output) = await Run("models", "verify", _folder);
        Assert.Equal(ExitCodes.JobFailed, code);
        Assert.EndsWith("5 models, 4 failed\n", output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal(2, output.Split('\n').Count(l => l.StartsWith("no-golden fp", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Verify_ModelWithoutHalfPrecision_SaysSoAndPasses()
    {
        Copy("blip-itm-tiny", "only32");
        Replace("only32/orchestrator.json", "_fp16\"", "_other\"");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_folder, "only32/onnx"), "*_fp16.onnx"))
        {
            File.Move(file, file.Replace("_fp16.onnx", "_half.onnx", StringComparison.Ordinal));
        }

        Replace("only32/orchestrator.json", "_fp16.onnx", "_half.onnx");
        var (code, output) = await Run("models", "verify", Path.Combine(_folder, "only32"));
        Assert.Equal(ExitCodes.Done, code);
        Assert.Contains("only32 fp16 -: not exported in half precision", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_FolderWithoutModels_IsAMistakeOfUse()
    {
        var (code, _) = await Run("models", "verify", Directory.CreateDirectory(Path.Combine(_folder, "empty")).FullName);
        Assert.Equal(ExitCodes.Usage, code);
    }

    private static async Task<(int Code, string Output)> Run(params string[] args)
    {
        using var output = new StringWriter();
        var code = await CommandLine.RunAsync(args, new Streams(output, TextWriter.Null, IsTerminal: false), default);
        return (code, output.ToString());
    }

    private void Replace(string file, string from, string to)
    {
        var path = Path.Combine(_folder, file);
        File.WriteAllText(path, File.ReadAllText(path).Replace(from, to, StringComparison.Ordinal));
    }

    private void Copy(string model, string name)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Orchestrator.sln")))
        {
            root = root.Parent!;
        }

        var source = Path.Combine(root.FullName, "tests", "Orchestrator.Inference.Tests", "Vectors", model);
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_folder, name, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
