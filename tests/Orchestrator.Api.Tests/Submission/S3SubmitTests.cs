using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.S3.Model;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Data.Formats;
using Orchestrator.Data.Storage;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Api.Tests.Submission;

/// <summary>Documents that name a bucket, and artifacts that are in one.</summary>
public sealed class S3SubmitTests(PrivateS3 s3) : IAsyncLifetime
{
    private ApiServer _server = null!;
    private string _bucket = "";

    public async ValueTask InitializeAsync()
    {
        _bucket = await s3.CreateBucketAsync();
        var spool = Directory.CreateTempSubdirectory("spool-").FullName;
        var options = s3.Options(spool);
        _server = new ApiServer(new()
        {
            ["Storage:AllowedRoots:0"] = ".",
            ["Storage:AllowedRoots:1"] = $"s3://{_bucket}/pool",
            ["Storage:AllowedRoots:2"] = $"s3://{_bucket}/out",
            ["Storage:AllowedRoots:3"] = "s3://not-there",
            ["Storage:S3:Endpoint"] = options.Endpoint,
            ["Storage:S3:AccessKey"] = options.AccessKey,
            ["Storage:S3:SecretKey"] = options.SecretKey,
            ["Storage:S3:Retries"] = "1",
            ["Storage:S3:Spool"] = spool,
        });
        await _server.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Plan_PatternsOverABucket_CountsObjectsAndTheirBytes()
    {
        await PutAsync("pool/0000.tar", new string('x', 100));
        await PutAsync("pool/0001.tar", new string('x', 50));
        var plan = await PlanAsync(Document($"s3://{_bucket}/pool/*.tar", $"s3://{_bucket}/out/a"));
        Assert.Equal((2, 150), (plan.Body.GetProperty("shards").GetInt32(), plan.Body.GetProperty("bytes").GetInt64()));
        Assert.Equal($"s3://{_bucket}/out/a", plan.Text("output"));
    }

    [Fact]
    public async Task Plan_EveryMistake_NamesFieldAndRemedyAtOnce()
    {
        await PutAsync("pool/0000.tar", "x");
        await PutAsync("out/full/manifest.json", "{}");
        var document = Document($"s3://{_bucket}/pool/{{0000..0002}}.tar", $"s3://{_bucket}/out/full");
        document["input"]!["shards"]!.AsArray().Add($"s3://{_bucket}/secret/0000.tar");
        document["input"]!["shards"]!.AsArray().Add("s3://not-there/*.tar");
        document["input"]!["shards"]!.AsArray().Add("s3://BAD/0000.tar");
        var answer = await PlanAsync(document);
        Assert.Equal(["$.input.shards[0]", "$.input.shards[1]", "$.input.shards[2]", "$.input.shards[3]", "$.output.path"], answer.ErrorPaths.Order(StringComparer.Ordinal));
        Assert.Contains("2 of the 3 files", answer.ErrorAt("$.input.shards[0]"), StringComparison.Ordinal);
        Assert.Contains("outside Storage:AllowedRoots", answer.ErrorAt("$.input.shards[1]"), StringComparison.Ordinal);
        Assert.Contains("no bucket 'not-there'", answer.ErrorAt("$.input.shards[2]"), StringComparison.Ordinal);
        Assert.Contains("valid bucket name", answer.ErrorAt("$.input.shards[3]"), StringComparison.Ordinal);
        Assert.Contains("holds objects already", answer.ErrorAt("$.output.path"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_EmbeddingsOfAJobInABucket_AsksForACopyOnADisk()
    {
        await PutAsync("pool/0000.tar", "x");
        await PutAsync("out/earlier/scores/part-00000.parquet", "x");
        var document = Document($"s3://{_bucket}/pool/0000.tar", $"s3://{_bucket}/out/next");
        document["stages"]!.AsArray().Add(new JsonObject { ["type"] = "clip-score", ["model"] = "m", ["embeddingsFrom"] = $"s3://{_bucket}/out/earlier" });
        var answer = await PlanAsync(document);
        Assert.Contains($"the embeddings are in s3://{_bucket}/out/earlier", answer.ErrorAt("$.stages[1].embeddingsFrom"), StringComparison.Ordinal);
        Assert.Contains("copy manifest.json, scores/ and embeddings/", answer.ErrorAt("$.stages[1].embeddingsFrom"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_PublishedDataThatDoesNotFit_NamesFieldAndRemedy()
    {
        var name = Docs.Unique("pub");
        var document = Docs.Curation(_server, 1, name);
        document["stages"]!.AsArray().RemoveAt(1);
        document["stages"]!.AsArray().Add(new JsonObject { ["type"] = "columns", ["from"] = $"{name}/m.parquet", ["scores"] = new JsonObject { ["clip"] = "similarity" } });
        document["input"]!["format"] = "img2dataset";
        document["input"]!["subset"] = $"{name}/ids.npy";
        DuckParquet.Write(Path.Combine(_server.Base, name, "m.parquet"), "SELECT 'a' AS uid, 'high' AS similarity");
        File.WriteAllText(Path.Combine(_server.Base, name, "ids.npy"), "one uid a line");
        var answer = await PlanAsync(document);
        Assert.Equal(["$.input.format", "$.input.subset", "$.stages[1].from"], answer.ErrorPaths.Order(StringComparer.Ordinal));
        Assert.Contains("img2dataset", answer.ErrorAt("$.input.format"), StringComparison.Ordinal);
        Assert.Contains("u8,u8", answer.ErrorAt("$.input.subset"), StringComparison.Ordinal);
        Assert.Contains("not numbers", answer.ErrorAt("$.stages[1].from"), StringComparison.Ordinal);

        // The same with what fits: planned, and paths made absolute.
        DuckParquet.Write(Path.Combine(_server.Base, name, "m.parquet"), "SELECT 'a' AS uid, 0.5::FLOAT AS similarity");
        await using (var ids = File.Create(Path.Combine(_server.Base, name, "ids.npy")))
        {
            Assert.Null(SampleIdsNpy.Write(ids, 1, [new SampleUid(1, 2)]));
        }

        File.WriteAllText(Path.Combine(_server.Base, name, "0000.parquet"), "");
        File.WriteAllText(Path.Combine(_server.Base, name, "0000_stats.json"), "");
        Assert.Equal(1, (await PlanAsync(document)).Body.GetProperty("shards").GetInt32());
    }

    [Fact]
    public async Task Artifacts_InABucket_AreWhatTheManifestNames()
    {
        await PutAsync("pool/0000.tar", "x");
        var worker = new ScriptedWorker(_server.Services, Docs.Unique("w"));
        await worker.AnnounceAsync();
        var id = await _server.Client.SubmitAsync(Document($"s3://{_bucket}/pool/0000.tar", $"s3://{_bucket}/out/b"));
        await PutAsync("out/b/.work/score/x", "secret");
        await PutAsync("out/b/scores/part-00000.parquet", "0123456789");
        await PutAsync("out/b/not-yet.tar", "unpublished");
        Assert.Empty((await _server.Client.GetJsonAsync($"/api/v1/jobs/{id}/artifacts")).Body.EnumerateArray());

        var manifest = new OutputManifest
        {
            Document = "{}"u8.ToArray(), Models = new Dictionary<string, string>(), Counts = new Dictionary<string, long>(),
            Files = new Dictionary<string, FileDigest> { ["scores/part-00000.parquet"] = FileDigest.Of("0123456789"u8) },
        };
        await PutAsync("out/b/manifest.json", Encoding.UTF8.GetString(manifest.Write()));
        var files = (await _server.Client.GetJsonAsync($"/api/v1/jobs/{id}/artifacts")).Body;
        Assert.Equal(["manifest.json", "scores/part-00000.parquet"], files.EnumerateArray().Select(f => f.GetProperty("path").GetString()));

        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/jobs/{id}/artifacts/scores/part-00000.parquet");
        request.Headers.Range = new(2, 4);
        using var part = await _server.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.PartialContent, "234"), (part.StatusCode, await part.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        foreach (var hidden in (string[])["not-yet.tar", ".work/score/x", "../../pool/0000.tar"])
        {
            using var refused = await _server.Client.GetAsync(new Uri($"/api/v1/jobs/{id}/artifacts/{Uri.EscapeDataString(hidden)}", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        }
    }

    private static JsonObject Document(string shards, string output) => JsonNode.Parse(JsonSerializer.Serialize(new
    {
        kind = "curation",
        name = Docs.Unique("s3"),
        input = new { shards = new[] { shards } },
        stages = new[] { new { type = "basic-filter", language = "any" } },
        output = new { path = output },
    }))!.AsObject();

    private Task<Answer> PlanAsync(JsonObject document) => _server.Client.PostJsonAsync("/api/v1/jobs/plan", document);

    private async Task PutAsync(string key, string content)
    {
        using var client = s3.Client();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = key, ContentBody = content }, TestContext.Current.CancellationToken);
    }
}
