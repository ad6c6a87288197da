using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Submission;

/// <summary>Each mistake of a document, and all of them together.</summary>
public sealed class MistakesTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Post_ManyMistakes_AllAtOnce()
    {
        var document = Docs.Curation(server);
        document["stages"]!.AsArray().Add(new JsonObject { ["type"] = "clip-scor" });
        document["select"]!["topFraction"] = 1.5;
        document["input"]!["shards"] = new JsonArray("nowhere/0000.tar", "/etc/passwd");
        document["output"]!["path"] = "../outside";

        var answer = await PostAsync(document);

        Assert.Equal(
            new HashSet<string> { "$.stages[2].type", "$.select.topFraction", "$.input.shards[0]", "$.input.shards[1]", "$.output.path" },
            answer.ErrorPaths.ToHashSet());
        Assert.Contains("did you mean 'clip-score'?", answer.ErrorAt("$.stages[2].type"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_TopFractionAboveOne_SaysWhatIsAllowed()
    {
        var document = Docs.Curation(server);
        document["select"]!["topFraction"] = 1.5;

        var answer = await PostAsync(document);

        Assert.Equal(["$.select.topFraction"], answer.ErrorPaths);
        Assert.Equal("1.5", answer.Body.GetProperty("errors")[0].GetProperty("value").GetString());
        Assert.Contains("up to 1", answer.ErrorAt("$.select.topFraction"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_NotAnObject_422() =>
        Assert.Equal(["$"], (await PostAsync(new JsonArray())).ErrorPaths);

    [Fact]
    public async Task Post_PoolStagesThatPointNowhere_EachFieldSaysWhatItTakes()
    {
        var document = Docs.Curation(server);
        var stages = document["stages"]!.AsArray();
        stages.Add(new JsonObject { ["type"] = "image-cluster-filter", ["from"] = "clip", ["reference"] = "gone.npy", ["centroids"] = "lost.npy" });
        stages.Add(new JsonObject { ["type"] = "image-cluster-filter", ["from"] = "clip", ["reference"] = "no-such-job" });
        stages.Add(new JsonObject { ["type"] = "synset-labels", ["dictionary"] = "no-words" });
        stages[1]!["embeddingsFrom"] = "neither-job-nor-folder";

        var answer = await PostAsync(document);

        Assert.Equal(
            new HashSet<string> { "$.stages[2].reference", "$.stages[2].centroids", "$.stages[3].reference", "$.stages[4].dictionary", "$.stages[1].embeddingsFrom" },
            answer.ErrorPaths.ToHashSet());
        Assert.Contains("does not exist", answer.ErrorAt("$.stages[2].reference"), StringComparison.Ordinal);
        Assert.Contains("no score parts", answer.ErrorAt("$.stages[3].reference"), StringComparison.Ordinal);
        Assert.Contains("index.noun is missing", answer.ErrorAt("$.stages[4].dictionary"), StringComparison.Ordinal);
        Assert.Contains("no score parts", answer.ErrorAt("$.stages[1].embeddingsFrom"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_PoolStagesWithFilesThatAreThere_Created()
    {
        var words = Docs.Unique("words");
        Directory.CreateDirectory(Path.Combine(server.Base, words));
        foreach (var name in (string[])["index.noun", "data.noun", "noun.exc"])
        {
            File.WriteAllText(Path.Combine(server.Base, words, name), "");
        }

        var array = Docs.Unique("array") + ".npy";
        File.WriteAllText(Path.Combine(server.Base, array), "");
        var document = Docs.Curation(server);
        var stages = document["stages"]!.AsArray();
        stages.Add(new JsonObject { ["type"] = "image-cluster-filter", ["from"] = "clip", ["reference"] = array, ["centroids"] = array });
        stages.Add(new JsonObject { ["type"] = "synset-labels", ["dictionary"] = words });
        await server.Client.SubmitAsync(document);
    }

    [Fact]
    public async Task Post_InputOutsideRoots_RefusedWithoutATouch()
    {
        // The file exists: an answer that said so would have looked.
        var outside = Path.Combine(server.Folder, "outside.tar");
        File.WriteAllText(outside, "x");
        foreach (var path in new[] { outside, "../outside.tar", outside + ".missing" })
        {
            var document = Docs.Curation(server);
            document["input"]!["shards"] = new JsonArray(path);

            var answer = await PostAsync(document);

            Assert.Equal(["$.input.shards[0]"], answer.ErrorPaths);
            Assert.Contains("outside Storage:AllowedRoots", answer.ErrorAt("$.input.shards[0]"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Post_InputThroughLinkOutOfRoots_Refused()
    {
        var outside = Directory.CreateDirectory(Path.Combine(server.Folder, "elsewhere")).FullName;
        File.WriteAllText(Path.Combine(outside, "0000.tar"), "x");
        var link = Docs.Unique("link");
        Directory.CreateSymbolicLink(Path.Combine(server.Base, link), outside);
        var document = Docs.Curation(server);
        document["input"]!["shards"] = new JsonArray($"{link}/0000.tar");
        document["output"]!["path"] = $"{link}/out";

        var answer = await PostAsync(document);

        Assert.Equal(["$.input.shards[0]", "$.output.path"], answer.ErrorPaths.Order(StringComparer.Ordinal));
        Assert.All(answer.ErrorPaths, p => Assert.Contains("symbolic link", answer.ErrorAt(p), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Post_GlobWithoutMatch_NamesThePattern()
    {
        var document = Docs.Curation(server);
        document["input"]!["shards"]!.AsArray().Add($"{document["name"]}/*.zip");

        Assert.Contains("No file matches", (await PostAsync(document)).ErrorAt("$.input.shards[1]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_SameFileTwice_NamesBothPlaces()
    {
        var document = Docs.Curation(server);
        document["input"]!["shards"]!.AsArray().Add($"{document["name"]}/0001.tar");

        var answer = await PostAsync(document);

        Assert.Equal(["$.input.shards[1]"], answer.ErrorPaths);
        Assert.Contains("$.input.shards[0]", answer.ErrorAt("$.input.shards[1]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_SomeOfARangeMissing_CountsThem()
    {
        var document = Docs.Curation(server, shards: 2);
        document["input"]!["shards"] = new JsonArray($"{document["name"]}/{{0000..0009}}.tar");

        Assert.Contains("8 of the 10 files", (await PostAsync(document)).ErrorAt("$.input.shards[0]"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_OutputFolderNotEmpty_NamesRemedy()
    {
        var document = Docs.Curation(server);
        var output = Directory.CreateDirectory(Path.Combine(server.Base, document["output"]!["path"]!.GetValue<string>())).FullName;
        File.WriteAllText(Path.Combine(output, "old"), "x");

        var answer = await PostAsync(document);

        Assert.Equal(["$.output.path"], answer.ErrorPaths);
        Assert.Contains("not empty; name another one", answer.ErrorAt("$.output.path"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_OutputFolderEmpty_Accepted()
    {
        var document = Docs.Curation(server);
        Directory.CreateDirectory(Path.Combine(server.Base, document["output"]!["path"]!.GetValue<string>()));

        await server.Client.SubmitAsync(document);
    }

    [Theory]
    [InlineData("", "is a file")]
    [InlineData("/below", "on the way is a file")]
    public async Task Post_OutputAtOrBelowAFile_Refused(string below, string expected)
    {
        var document = Docs.Curation(server);
        document["output"]!["path"] = $"{document["name"]}/0000.tar{below}";

        Assert.Contains(expected, (await PostAsync(document)).ErrorAt("$.output.path"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_LanguageModelMissingOrOutside_Refused()
    {
        foreach (var (path, expected) in new[] { ("lid.bin", "does not exist"), ("/etc/hostname", "outside Storage:AllowedRoots") })
        {
            var document = Docs.Curation(server);
            document["stages"]![0]!["language"] = "en";
            document["stages"]![0]!["languageModel"] = path;

            Assert.Contains(expected, (await PostAsync(document)).ErrorAt("$.stages[0].languageModel"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Post_LanguageModelInsideRoots_StoredAbsolute()
    {
        var document = Docs.Curation(server);
        var file = Docs.Unique("lid") + ".bin";
        File.WriteAllText(Path.Combine(server.Base, file), "x");
        document["stages"]![0]!["language"] = "en";
        document["stages"]![0]!["languageModel"] = file;

        var job = await server.Client.GetJsonAsync($"/api/v1/jobs/{await server.Client.SubmitAsync(document)}");

        Assert.Equal(Path.Combine(server.Base, file), job.Body.GetProperty("document").GetProperty("stages")[0].GetProperty("languageModel").GetString());
    }

    private async Task<Answer> PostAsync(JsonNode document)
    {
        var answer = await server.Client.PostJsonAsync("/api/v1/jobs", document);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal("application/problem+json", answer.Response.Content.Headers.ContentType?.MediaType);
        return answer;
    }
}
