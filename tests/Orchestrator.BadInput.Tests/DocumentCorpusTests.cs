using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.BadInput.Tests.Corpus;
using Orchestrator.Cli;
using Orchestrator.Cli.Documents;

namespace Orchestrator.BadInput.Tests;

/// <summary>Documents with mistakes, through a real server's planner and the command line's reader: each is refused by name, and nothing is stored.</summary>
public sealed class DocumentCorpusTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly BadDocument[] Documents = [.. BadDocuments.All];
    private static readonly BadBody[] Bodies = [.. BadBodies.All];

    public static TheoryData<int, string> DocumentCases => [.. Documents.Select((d, i) => (i, d.ToString()))];

    public static TheoryData<string> BodyNames => [.. Bodies.Select(b => b.Name)];

    public static TheoryData<string> YamlNames => [.. BadBodies.Yaml.Select(y => y.Name)];

    [Theory]
    [MemberData(nameof(DocumentCases))]
    public async Task Plan_OneMistake_NamesItsFieldAndNoOther(int index, string shown)
    {
        var name = Docs.Unique("bad");
        var bad = Documents[index];
        var document = BadDocuments.Apply(Docs.Curation(server, name: name), bad, name, server.Folder);

        using var body = new StringContent(document?.ToJsonString() ?? "null", System.Text.Encoding.UTF8, "application/json");
        var answer = await server.Client.SendAsync(HttpMethod.Post, "/api/v1/jobs/plan", body);

        Assert.True((int)answer.Status == 422, $"{shown}: {answer.Status} {answer.Body}");

        // A mistake in a stage may leave select without its score; that is said as well.
        Assert.True(answer.ErrorPaths.Except(["$.select.by"]).Distinct().SequenceEqual([bad.ErrorPath]) || answer.ErrorPaths.SequenceEqual([bad.ErrorPath]), $"{shown}: {string.Join(", ", answer.Body.GetProperty("errors"))}");
        Assert.NotEmpty(answer.ErrorAt(bad.ErrorPath));
    }

    [Theory]
    [MemberData(nameof(BodyNames))]
    public async Task Plan_NoDocument_IsAProblemAndNothingElse(string name)
    {
        var bad = Bodies.Single(b => b.Name == name);
        var before = GC.GetTotalAllocatedBytes();
        using var content = new ByteArrayContent(bad.Bytes);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/json");

        // A body that is too large is refused before it is sent, so that the answer does not race with a closed connection.
        var answer = await server.Client.SendAsync(HttpMethod.Post, "/api/v1/jobs/plan", content, ("Expect", "100-continue"));

        Assert.True(bad.Status == (int)answer.Status, $"{bad.How}: {answer.Status} {answer.Body}");
        Assert.Equal("application/problem+json", answer.Response.Content.Headers.ContentType?.MediaType);
        Assert.InRange(answer.Body.GetRawText().Length, 1, 100_000);
        MemoryBound.Assert(before, allocated: 500_000_000, peak: 1_500_000_000);
    }

    [Theory]
    [MemberData(nameof(YamlNames))]
    public void CommandLine_NoDocument_SaysWhere(string name)
    {
        var (_, text, says) = BadBodies.Yaml.Single(y => y.Name == name);
        var error = Assert.Throws<CliException>(() => DocumentFile.Parse(text, "job.yaml"));
        Assert.Equal(ExitCodes.Usage, error.ExitCode);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("topFraction: .nan", "$.select.topFraction")]
    [InlineData("topFraction: .inf", "$.select.topFraction")]
    [InlineData("topFraction: 0x10", "$.select.topFraction")]
    [InlineData("topFraction: yes", "$.select.topFraction")]
    [InlineData("topCount: 1_000", "$.select.topCount")]
    [InlineData("topCount: 99999999999999999999", "$.select.topCount")]
    public async Task Plan_YamlScalarThatIsNoNumber_NamesItsField(string test, string path)
    {
        var document = Docs.Curation(server);
        document["select"] = DocumentFile.Parse($"by: clip\n{test}\n", "select.yaml");
        var answer = await server.Client.PostJsonAsync("/api/v1/jobs/plan", document);
        Assert.Equal([path], answer.ErrorPaths);
    }

    [Fact]
    public void Corpus_HasMoreThanItsPromisedSize()
    {
        var sizes = new[] { BadImages.All.Count() + BadTexts.All.Count(), BadShards.All.Count(), Documents.Length, Bodies.Length + BadBodies.Yaml.Count() };
        Assert.True(sizes.Sum() >= 150, string.Join(" + ", sizes));
        Assert.Equal(BadImages.All.Concat(BadTexts.All).Select(s => s.Name).Distinct().Count(), sizes[0]);
        Assert.Equal(BadShards.All.Select(s => s.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count(), sizes[1]);
        Assert.Equal(Documents.Select(d => (d.Field, d.Value)).Distinct().Count(), sizes[2]);
    }
}
