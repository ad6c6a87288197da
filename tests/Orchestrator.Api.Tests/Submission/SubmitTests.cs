using System.Net;
using System.Text.Json.Nodes;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Submission;

public sealed class SubmitTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Jobs = "/api/v1/jobs";

    [Fact]
    public async Task Post_ValidDocument_CreatedWithLocation()
    {
        var document = Docs.Curation(server, shards: 3);

        var answer = await server.Client.PostJsonAsync(Jobs, document);

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        var id = answer.Text("id");
        Assert.StartsWith("cur-", id, StringComparison.Ordinal);
        Assert.Equal($"{Jobs}/{id}", answer.Response.Headers.Location!.OriginalString);
        var read = await server.Client.GetJsonAsync(answer.Response.Headers.Location.OriginalString);
        Assert.Equal(HttpStatusCode.OK, read.Status);
        Assert.Equal(3, read.Body.GetProperty("phases")[0].GetProperty("total").GetInt32());
        Assert.Equal(Path.Combine(server.Base, "out", document["name"]!.GetValue<string>()), read.Text("output"));
    }

    [Fact]
    public async Task Post_SameKeyAndDocument_ReturnsFirstJob()
    {
        var document = Docs.Curation(server);
        var key = ("Idempotency-Key", Docs.Unique("key"));

        var first = await server.Client.PostJsonAsync(Jobs, document, key);
        var second = await server.Client.PostJsonAsync(Jobs, document, key);

        Assert.Equal(HttpStatusCode.Created, first.Status);
        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.Equal(first.Text("id"), second.Text("id"));
        Assert.Equal(first.Response.Headers.Location, second.Response.Headers.Location);
    }

    [Fact]
    public async Task Post_SameKeyAfterOutputWasWritten_StillReturnsFirstJob()
    {
        var document = Docs.Curation(server);
        var key = ("Idempotency-Key", Docs.Unique("key"));
        var first = await server.Client.PostJsonAsync(Jobs, document, key);
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(first.Text("output")).FullName, "00000000.tar"), "x");

        var second = await server.Client.PostJsonAsync(Jobs, document, key);

        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.Equal(first.Text("id"), second.Text("id"));
    }

    [Fact]
    public async Task Post_SameKeyDocumentWithDefaultsWrittenOut_IsTheSameDocument()
    {
        var document = Docs.Curation(server);
        var key = ("Idempotency-Key", Docs.Unique("key"));
        var first = await server.Client.PostJsonAsync(Jobs, document, key);
        document["seed"] = 1;
        document["priority"] = 3;

        var second = await server.Client.PostJsonAsync(Jobs, document, key);

        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.Equal(first.Text("id"), second.Text("id"));
    }

    [Fact]
    public async Task Post_SameKeyOtherDocument_422NamesFirstJob()
    {
        var document = Docs.Curation(server);
        var key = ("Idempotency-Key", Docs.Unique("key"));
        var first = await server.Client.PostJsonAsync(Jobs, document, key);
        document["seed"] = 2;

        var second = await server.Client.PostJsonAsync(Jobs, document, key);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, second.Status);
        Assert.Equal(first.Text("id"), second.Text("jobId"));
    }

    [Fact]
    public async Task Post_SameKeyAtOnce_OneJob()
    {
        var document = Docs.Curation(server).ToJsonString();
        var key = ("Idempotency-Key", Docs.Unique("key"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.Client.PostJsonAsync(Jobs, JsonNode.Parse(document), key)));

        Assert.Single(answers.Select(a => a.Text("id")).Distinct());
        Assert.Single(answers, a => a.Status == HttpStatusCode.Created);
    }

    [Fact]
    public async Task Post_OutputOfUnfinishedJob_409NamesIt()
    {
        var document = Docs.Curation(server);
        var first = await server.Client.SubmitAsync(document);

        var second = await server.Client.PostJsonAsync(Jobs, document);

        Assert.Equal(HttpStatusCode.Conflict, second.Status);
        Assert.Equal(first, second.Text("jobId"));
        Assert.Equal(["$.output.path"], second.ErrorPaths);
    }

    [Theory]
    [InlineData("{", "not JSON")]
    [InlineData("", "not JSON")]
    [InlineData("""{"kind":"curation","kind":"curation"}""", "not JSON")]
    [InlineData("""{"kind":"curation","a":{"b":1,"b":2}}""", "not JSON")]
    [InlineData("""{"kind":"curation",}""", "not JSON")]
    [InlineData("""{"name":"\ud800"}""", "surrogate")]
    public async Task Post_Malformed_400(string body, string expected)
    {
        var answer = await server.Client.PostTextAsync(Jobs, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("application/problem+json", answer.Response.Content.Headers.ContentType?.MediaType);
        Assert.Contains(expected, answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_InvalidUtf8_400()
    {
        using var body = new ByteArrayContent([(byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}']);
        body.Headers.ContentType = new("application/json");

        var answer = await server.Client.SendAsync(HttpMethod.Post, Jobs, body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("UTF-8", answer.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_ByteOrderMark_IsRead()
    {
        var answer = await server.Client.PostTextAsync(Jobs, "\uFEFF" + Docs.Curation(server).ToJsonString());

        Assert.Equal(HttpStatusCode.Created, answer.Status);
    }

    [Fact]
    public async Task Post_Yaml_415() =>
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await server.Client.PostTextAsync(Jobs, "kind: curation", "application/yaml")).Status);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_TooLarge_413(bool lengthAnnounced)
    {
        using var body = new StringContent("\"" + new string('a', 1 << 20) + "\"", System.Text.Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Jobs) { Content = body };
        request.Headers.TransferEncodingChunked = !lengthAnnounced;

        using var response = await server.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Plan_ValidDocument_CountsAndStoresNothing()
    {
        var document = Docs.Curation(server, shards: 5);

        var answer = await server.Client.PostJsonAsync($"{Jobs}/plan", document);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(5, answer.Body.GetProperty("shards").GetInt32());
        Assert.Equal(5 * 1024, answer.Body.GetProperty("bytes").GetInt64());
        Assert.Equal(["clip-test"], answer.Body.GetProperty("models").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal(["score", "decide", "write", "publish"], answer.Body.GetProperty("phases").EnumerateArray().Select(m => m.GetString()));
        Assert.Equal(0, answer.Body.GetProperty("errors").GetArrayLength());
        Assert.False(Directory.Exists(answer.Text("output")));
    }

    [Fact]
    public async Task Plan_MissingFile_422WithWhatWasFound()
    {
        var document = Docs.Curation(server, shards: 2);
        document["input"]!["shards"]!.AsArray().Add("nowhere/0000.tar");

        var answer = await server.Client.PostJsonAsync($"{Jobs}/plan", document);

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Equal(2, answer.Body.GetProperty("shards").GetInt32());
        Assert.Equal(["$.input.shards[1]"], answer.ErrorPaths);
    }
}
