using System.Net;
using System.Net.Sockets;
using System.Text;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Jobs;

public sealed class ArtifactTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Secret = "not for you";

    [Fact]
    public async Task List_FilesBelowTheOutput_WithoutWorkInProgressAndLinks()
    {
        var (id, output) = await JobWithOutputAsync();
        File.CreateSymbolicLink(Path.Combine(output, "link.txt"), Path.Combine(server.Folder, "secret.txt"));

        var files = (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/artifacts")).Body;

        Assert.Equal(["manifest.json", "report/index.html", "scores/part-00000.parquet"], files.EnumerateArray().Select(f => f.GetProperty("path").GetString()));
        Assert.Equal(new FileInfo(Path.Combine(output, "manifest.json")).Length, files[0].GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task Get_File_WholeAndInRanges()
    {
        var (id, _) = await JobWithOutputAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{id}/artifacts/scores/part-00000.parquet");
        request.Headers.Range = new(2, 4);

        using var part = await server.Client.SendAsync(request);
        using var whole = await server.Client.GetAsync($"/api/v1/jobs/{id}/artifacts/scores/part-00000.parquet");

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal("234", await part.Content.ReadAsStringAsync());
        Assert.Equal("0123456789", await whole.Content.ReadAsStringAsync());
        Assert.Equal("application/vnd.apache.parquet", whole.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Report_IsHtmlInABoxOfItsOwn()
    {
        var (id, _) = await JobWithOutputAsync();

        using var report = await server.Client.GetAsync($"/api/v1/jobs/{id}/report");

        Assert.Equal("text/html", report.Content.Headers.ContentType?.MediaType);
        Assert.Equal("<p>report</p>", await report.Content.ReadAsStringAsync());
        Assert.Contains("sandbox", report.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_WithRoomForTimings_HasTheJobsTimingsAndTheFileHasNone()
    {
        var (id, output) = await JobWithOutputAsync();
        var path = Path.Combine(output, "report", "index.html");
        await File.WriteAllTextAsync(path, "<p>é</p><!--timings--><p>end</p>");

        using var report = await server.Client.GetAsync($"/api/v1/jobs/{id}/report");

        var page = await report.Content.ReadAsStringAsync();
        Assert.StartsWith("<p>é</p><section id=\"timings\">", page, StringComparison.Ordinal);
        Assert.Contains("<td>score</td>", page, StringComparison.Ordinal);
        Assert.EndsWith("</section><p>end</p>", page, StringComparison.Ordinal);
        Assert.Equal("text/html", report.Content.Headers.ContentType?.MediaType);
        Assert.Contains("sandbox", report.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.DoesNotContain("timings\">", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_NotWrittenYet_404Problem()
    {
        var id = await server.Client.SubmitAsync(Docs.Curation(server));

        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/report")).Status);
        Assert.Equal(0, (await server.Client.GetJsonAsync($"/api/v1/jobs/{id}/artifacts")).Body.GetArrayLength());
    }

    /// <summary>Sent as written: an HTTP client would tidy the paths first.</summary>
    [Theory]
    [InlineData("../../../secret.txt")]
    [InlineData("%2e%2e/%2e%2e/%2e%2e/secret.txt")]
    [InlineData("..%2f..%2f..%2fsecret.txt")]
    [InlineData("..%5c..%5c..%5csecret.txt")]
    [InlineData("%252e%252e/%252e%252e/%252e%252e/secret.txt")]
    [InlineData("scores/../../../../secret.txt")]
    [InlineData("ABSOLUTE")]
    [InlineData("/ABSOLUTE")]
    [InlineData("link.txt")]
    [InlineData("folder/secret.txt")]
    [InlineData("sibling/manifest.json")]
    [InlineData(".work/score/part")]
    [InlineData("scores")]
    [InlineData("secret.txt%00.json")]
    public async Task Get_PathOutOfTheOutput_NeverAnswersTheFile(string path)
    {
        var (id, output) = await JobWithOutputAsync();
        var (_, other) = await JobWithOutputAsync();
        var secret = Path.Combine(server.Folder, "secret.txt");
        File.CreateSymbolicLink(Path.Combine(output, "link.txt"), secret);
        Directory.CreateSymbolicLink(Path.Combine(output, "folder"), server.Folder);
        Directory.CreateSymbolicLink(Path.Combine(output, "sibling"), other);

        var answer = await RawGetAsync($"/api/v1/jobs/{id}/artifacts/{path.Replace("ABSOLUTE", secret, StringComparison.Ordinal)}");

        Assert.Matches("^HTTP/1.1 40[04] ", answer);
        Assert.DoesNotContain(Secret, answer, StringComparison.Ordinal);
    }

    private async Task<(string Id, string Output)> JobWithOutputAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(server.Folder, "secret.txt"), Secret);
        var document = Docs.Curation(server);
        var id = await server.Client.SubmitAsync(document);
        var output = Path.Combine(server.Base, document["output"]!["path"]!.GetValue<string>());
        foreach (var (name, text) in new[]
        {
            ("manifest.json", "{}"), ("report/index.html", "<p>report</p>"), ("scores/part-00000.parquet", "0123456789"), (".work/score/part", Secret),
        })
        {
            var path = Path.Combine(output, name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, text);
        }

        return (id, output);
    }

    private async Task<string> RawGetAsync(string target)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(server.Address.Host, server.Address.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
