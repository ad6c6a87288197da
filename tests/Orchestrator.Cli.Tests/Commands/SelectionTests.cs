using Orchestrator.Cli.Tests.Testing;

namespace Orchestrator.Cli.Tests.Commands;

/// <summary>Selection jobs, from document to output, against a real embedded server with a real worker.</summary>
public sealed class SelectionTests(CliServer server) : IClassFixture<CliServer>
{
    [Fact]
    public async Task Selection_FromACurationJobById_PlansAndRunsWithoutAModel()
    {
        var scored = (await server.RunAsync("submit", server.Document("pool/{00000000..00000001}.tar"), "--wait", "--json")).Json;
        var id = scored.GetProperty("id").GetString()!;
        var document = Write("by-id", id, "{ any: [ { by: basic-filter.words, topCount: 4 }, { by: basic-filter.chars, topFraction: 0.5 } ] }");

        var plan = await server.RunAsync("plan", document, "--json");
        Assert.True(plan.Code == ExitCodes.Done, plan.Error);
        var selection = plan.Json.GetProperty("selection");
        Assert.Equal(2, plan.Json.GetProperty("shards").GetInt32());
        Assert.Equal(["decide", "write", "publish"], plan.Json.GetProperty("phases").EnumerateArray().Select(p => p.GetString()));
        Assert.Equal(12, selection.GetProperty("samples").GetInt64());
        Assert.Equal([4L, selection.GetProperty("candidates").GetInt64() / 2], selection.GetProperty("rules").EnumerateArray().Select(r => r.GetProperty("kept").GetInt64()));
        Assert.Single(selection.GetProperty("overlaps").EnumerateArray());
        Assert.False(Directory.Exists(Path.Combine(server.Folder, "out", "by-id")));
        var text = await server.RunAsync("plan", document);
        Assert.Contains("select.basic-filter.words.topCount: keeps 4 of", text.Out, StringComparison.Ordinal);
        Assert.Contains("both keep", text.Out, StringComparison.Ordinal);

        var ran = await server.RunAsync("submit", document, "--wait", "--json");
        Assert.True(ran.Code == ExitCodes.Done, ran.Out + ran.Error);
        Assert.StartsWith("sel-", ran.Json.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal(selection.GetProperty("kept").GetInt64(), ran.Json.GetProperty("counts").GetProperty("kept").GetInt64());
        Assert.True(ran.Json.GetProperty("counts").GetProperty("balanced").GetBoolean());
        Assert.True(File.Exists(Path.Combine(server.Folder, "out", "by-id", "00000000.tar")));
    }

    [Fact]
    public async Task Plan_WrongSelection_NamesEveryMistake()
    {
        var scored = (await server.RunAsync("submit", server.Document("pool/00000000.tar"), "--wait", "--json")).Json.GetProperty("id").GetString()!;
        var wrong = await server.RunAsync("plan", Write("wrong", scored, "{ by: clip, topCount: 4 }", "inputBase: pool\n"));
        Assert.Equal(ExitCodes.Usage, wrong.Code);
        Assert.Contains("its scores are: basic-filter.words, basic-filter.chars", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("$.inputBase", wrong.Error, StringComparison.Ordinal);

        var nowhere = await server.RunAsync("plan", Write("nowhere", "cur-000000000000", "{ by: clip, topCount: 0 }"));
        Assert.Equal(ExitCodes.Usage, nowhere.Code);
        Assert.Contains("$.from", nowhere.Error, StringComparison.Ordinal);
        Assert.Contains("$.select.topCount", nowhere.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dedup_AgainstAnEarlierJob_LeavesNothingThatItKept()
    {
        var first = server.Document("pool/00000000.tar");
        File.WriteAllText(first, File.ReadAllText(first).Replace("minWords: 3 }", "minWords: 1 }, { type: dedup }", StringComparison.Ordinal));
        var earlier = (await server.RunAsync("submit", first, "--wait", "--json")).Json;
        var second = server.Document("pool/{00000000..00000001}.tar");
        File.WriteAllText(second, File.ReadAllText(second).Replace(
            "minWords: 3 }", $"minWords: 1 }}, {{ type: dedup, against: [{earlier.GetProperty("id").GetString()}] }}", StringComparison.Ordinal));

        var ran = await server.RunAsync("submit", second, "--wait", "--json");
        Assert.True(ran.Code == ExitCodes.Done, ran.Out + ran.Error);
        var counts = ran.Json.GetProperty("counts");
        Assert.True(earlier.GetProperty("counts").GetProperty("kept").GetInt64() > 0);
        Assert.True(counts.GetProperty("duplicate").GetInt64() >= earlier.GetProperty("counts").GetProperty("kept").GetInt64());
        Assert.True(counts.GetProperty("balanced").GetBoolean());

        File.WriteAllText(second, File.ReadAllText(second).Replace("against: [", "against: [nowhere, ", StringComparison.Ordinal));
        Assert.Contains("$.stages[1].against[0]", (await server.RunAsync("plan", second)).Error, StringComparison.Ordinal);
    }

    private string Write(string name, string from, string select, string more = "")
    {
        var path = Path.Combine(server.Folder, name + ".yaml");
        File.WriteAllText(path, $"kind: selection\nname: {name}\nfrom: {from}\n{more}select: {select}\noutput: {{ path: out/{name} }}\n");
        return path;
    }
}
