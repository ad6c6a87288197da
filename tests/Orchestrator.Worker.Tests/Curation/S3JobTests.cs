using Amazon.S3.Model;
using Orchestrator.Domain.Jobs;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Worker.Tests.Curation;

/// <summary>The phases of a curation job on a real S3 server, beside the same job on a disk.</summary>
public sealed class S3JobTests(PrivateS3 s3) : IAsyncDisposable
{
    private const string Document = """
        { "kind": "curation", "name": "t", "input": { "shards": ["{0,1}.tar"] },
          "stages": [ { "type": "basic-filter", "language": "any" }, { "type": "clip-score", "model": "bright", "as": "clip", "keepEmbeddings": true }, { "type": "dedup" } ],
          "select": { "by": "clip", "topFraction": 0.75 },
          "output": { "path": "x", "samplesPerShard": 6 } }
        """;

    private static readonly string[] Names = ["0.tar", "1.tar"];
    private readonly DirectoryInfo _spool = Directory.CreateTempSubdirectory("spool-");
    private FaultyProxy? _proxy;
    private string _bucket = "";

    public async ValueTask DisposeAsync()
    {
        if (_proxy is not null)
        {
            await _proxy.DisposeAsync();
        }

        _spool.Delete(recursive: true);
    }

    [Fact]
    public async Task Run_FromABucketIntoIt_GivesTheBytesOfTheLocalRun()
    {
        using var local = Local();
        await local.RunAsync(Document, Names);
        var expected = local.OutputDigests();
        Assert.True(expected.Count > 8);

        using var remote = await RemoteAsync(local);
        var end = await remote.RunAsync(Document, Names);
        Assert.True(end.State == JobState.Succeeded, Failures(remote));
        Assert.Equal(expected, remote.OutputDigests());
        Assert.Empty(await UploadsAsync());
    }

    [Fact]
    public async Task Run_CrashesAndSpoiltRequests_GiveTheBytesOfTheLocalRun()
    {
        using var local = Local();
        await local.RunAsync(Document, Names);

        // A fault in each handful of requests, of every kind, by their number alone.
        ProxyFault[] faults = [ProxyFault.Unavailable, ProxyFault.CutAnswer, ProxyFault.ResetUpload, ProxyFault.LoseAnswer];
        using var remote = await RemoteAsync(local, number => number % 11 == 0 ? faults[number / 11 % 4] : ProxyFault.None);
        remote.CrashAfter = (phase, shard) => phase is "score" or "write" && shard == 0;
        var end = await remote.RunAsync(Document, Names);
        Assert.True(end.State == JobState.Succeeded, Failures(remote));
        Assert.Equal(local.OutputDigests(), remote.OutputDigests());
        Assert.All(faults, f => Assert.True(_proxy!.Dealt.GetValueOrDefault(f) > 0, f.ToString()));
    }

    [Fact]
    public async Task Publish_TwiceBesideItself_ChangesNothing()
    {
        using var local = Local();
        await local.RunAsync(Document, Names);
        using var remote = await RemoteAsync(local);
        remote.CrashAfter = (phase, _) => phase == "publish";
        Assert.Equal(JobState.Succeeded, (await remote.RunAsync(Document, Names)).State);
        Assert.Equal(local.OutputDigests(), remote.OutputDigests());
    }

    [Fact]
    public async Task Publish_UploadsThatSomebodyLeft_EndsThoseBelowTheOutputAlone()
    {
        using var local = Local();
        using var remote = await RemoteAsync(local);
        using var client = s3.Client();
        foreach (var key in (string[])["in/out/00000000.tar", "in/out/.work/x", "in/outer.tar"])
        {
            await client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = _bucket, Key = key });
        }

        Assert.Equal(JobState.Succeeded, (await remote.RunAsync(Document, Names)).State);
        Assert.Equal(["in/outer.tar"], await UploadsAsync());
    }

    [Fact]
    public async Task Select_FromScoresInABucket_GivesTheTarsOfTheLocalSelection()
    {
        const string Select = """{ "by": "clip", "topCount": 5 }""";
        using var local = Local();
        await local.RunAsync(Document, Names);
        local.OutputName = "selected";
        await local.SelectAsync("out", Select);

        using var remote = await RemoteAsync(local);
        await remote.RunAsync(Document, Names);
        remote.OutputName = "selected";
        var end = await remote.SelectAsync("out", Select);
        Assert.True(end.State == JobState.Succeeded, Failures(remote));
        Assert.Equal(5, remote.Count("kept"));
        Assert.Equal(local.OutputDigests(), remote.OutputDigests());
    }

    [Fact]
    public async Task Run_AShardThatChangedSinceThePlan_FailsWithTheRemedy()
    {
        using var local = Local();
        using var remote = await RemoteAsync(local);
        using var client = s3.Client();
        remote.Order = shards =>
        {
            client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = "in/1.tar", ContentBody = "another" }).GetAwaiter().GetResult();
            return shards;
        };
        await remote.RunAsync(Document.Replace("\"stages\"", "\"limits\": { \"maxFailedShards\": 0 }, \"stages\"", StringComparison.Ordinal), Names);
        Assert.Contains("not the one that it was", remote.Failures["score-1"].Message, StringComparison.Ordinal);
        Assert.Contains("1.tar", remote.Failures["score-1"].Message, StringComparison.Ordinal);
        Assert.Equal(FailureKind.Fatal, remote.Failures["score-1"].Kind);
    }

    private static CurationHarness Local()
    {
        var harness = new CurationHarness();
        for (var shard = 0; shard < Names.Length; shard++)
        {
            Tars.Write(Path.Combine(harness.Root, $"{shard}.tar"), [.. Tars.Good(shard, 8, 16), .. Tars.Sample($"short{shard}", 9, "short"), ($"odd{shard}.png", "no image"u8.ToArray()), ($"odd{shard}.txt", "a small grey square"u8.ToArray())]);
        }

        return harness;
    }

    private async Task<CurationHarness> RemoteAsync(CurationHarness local, Func<int, ProxyFault>? choose = null)
    {
        _bucket = await s3.CreateBucketAsync();
        using var client = s3.Client();
        foreach (var tar in Names)
        {
            await client.PutObjectAsync(new PutObjectRequest { BucketName = _bucket, Key = $"in/{tar}", FilePath = Path.Combine(local.Root, tar) });
        }

        _proxy = choose is null ? null : new FaultyProxy(s3.Port, (_, _, number) => choose(number));
        return new CurationHarness(null, s3.Options(_spool.FullName, _proxy?.Port), $"s3://{_bucket}/in");
    }

    private async Task<string[]> UploadsAsync()
    {
        using var client = s3.Client();
        var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = _bucket });
        return [.. (uploads.MultipartUploads ?? []).Select(u => u.Key)];
    }

    private static string Failures(CurationHarness harness) => string.Join("; ", harness.Failures.Select(f => $"{f.Key}: {f.Value.Message}"));
}
