using Amazon.S3;
using Amazon.S3.Model;
using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Data.Tests.Storage.S3;

public sealed class S3StorageTests(PrivateS3 s3) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task OpenRead_AnyMixOfReadsAndSeeks_GivesTheBytesOfAFile()
    {
        var (bucket, bytes) = await PutAsync("a.tar", 3_500_000);
        using var storage = Open(bucket);
        using var stream = storage.OpenRead($"s3://{bucket}/a.tar");
        using var file = new MemoryStream(bytes);
        var random = new Random(3);
        var (left, right) = (new byte[300_000], new byte[300_000]);
        for (var i = 0; i < 40; i++)
        {
            if (i % 3 == 0)
            {
                var to = random.Next(bytes.Length + 10);
                Assert.Equal(file.Seek(to, SeekOrigin.Begin), stream.Seek(to, SeekOrigin.Begin));
            }

            var count = random.Next(1, left.Length);
            var read = stream.ReadAtLeast(left.AsSpan(0, count), count, throwOnEndOfStream: false);
            Assert.Equal(file.ReadAtLeast(right.AsSpan(0, count), count, throwOnEndOfStream: false), read);
            Assert.True(left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read)));
            Assert.Equal(file.Position, stream.Position);
        }
    }

    [Fact]
    public async Task OpenRead_AnotherVersionThanPlanned_IsRefused()
    {
        var (bucket, _) = await PutAsync("a.tar", 100);
        using var storage = Open(bucket);
        var planned = storage.Stat($"s3://{bucket}/a.tar")!.Version!;
        using var stream = storage.OpenRead($"s3://{bucket}/a.tar", planned);
        await PutAsync("a.tar", 100, bucket, seed: 9);

        Assert.Contains("submit the job again", Assert.Throws<StorageRefusedException>(() => storage.OpenRead($"s3://{bucket}/a.tar", planned)).Message, StringComparison.Ordinal);
        Assert.Contains("submit the job again", Assert.Throws<StorageRefusedException>(() => stream.ReadByte()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProxyFault.CutAnswer)]
    [InlineData(ProxyFault.Unavailable)]
    [InlineData(ProxyFault.LoseAnswer)]
    public async Task OpenRead_EverySecondAnswerSpoilt_LosesNothing(ProxyFault fault)
    {
        var (bucket, bytes) = await PutAsync("a.tar", 2_000_000);
        await using var proxy = new FaultyProxy(s3.Port, (method, _, number) => method == "GET" && number % 2 == 0 ? fault : ProxyFault.None);
        using var storage = Open(bucket, proxy.Port);
        using var stream = storage.OpenRead($"s3://{bucket}/a.tar");
        using var read = new MemoryStream();
        stream.CopyTo(read);

        Assert.True(bytes.AsSpan().SequenceEqual(read.ToArray()));
        Assert.True(proxy.Dealt[fault] > 0);
    }

    [Fact]
    public async Task OpenRead_ABodyThatAlwaysBreaks_IsTransientAndNamesTheObject()
    {
        var (bucket, _) = await PutAsync("a.tar", 1000);
        await using var proxy = new FaultyProxy(s3.Port, (method, _, _) => method == "GET" ? ProxyFault.Unavailable : ProxyFault.None);
        using var storage = Open(bucket, proxy.Port, retries: 0);
        using var stream = storage.OpenRead($"s3://{bucket}/a.tar");
        var fault = Assert.Throws<StorageException>(() => stream.ReadByte());
        Assert.Contains($"s3://{bucket}/a.tar", fault.Message, StringComparison.Ordinal);
        Assert.Contains("503", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProxyFault.ResetUpload)]
    [InlineData(ProxyFault.Unavailable)]
    [InlineData(ProxyFault.LoseAnswer)]
    public async Task Keep_EveryThirdRequestSpoilt_UploadsTheSameBytesAndLeavesNoUpload(ProxyFault fault)
    {
        var bucket = await s3.CreateBucketAsync();
        await using var proxy = new FaultyProxy(s3.Port, (method, path, number) => method == "PUT" && number % 3 == 0 ? fault : ProxyFault.None);
        using var storage = Open(bucket, proxy.Port);
        var output = storage.Of($"s3://{bucket}/out").OpenOutput($"s3://{bucket}/out", "job-1");
        var bytes = new byte[17 << 20];
        new Random(5).NextBytes(bytes);
        var digest = AtomicFile.Write(Path.Combine(output.Scratch, ".work/p/0/attempt-1/x"), bytes);
        output.Keep(".work/p/0/attempt-1/x", digest);

        Assert.True(proxy.Dealt[fault] > 0);
        Assert.Equal(digest, FileDigest.Of(output.Read(".work/p/0/attempt-1/x")!.Bytes));
        Assert.Empty(await UploadsAsync(bucket));
    }

    [Fact]
    public async Task Keep_AServerThatGoesOnFailing_AbortsItsUploadAndIsTransient()
    {
        var bucket = await s3.CreateBucketAsync();
        await using var proxy = new FaultyProxy(s3.Port, (_, path, _) => path.Contains("partNumber=2", StringComparison.Ordinal) ? ProxyFault.Unavailable : ProxyFault.None);
        using var storage = Open(bucket, proxy.Port, retries: 1);
        var output = storage.Of($"s3://{bucket}/out").OpenOutput($"s3://{bucket}/out", "job-1");
        var digest = AtomicFile.Write(Path.Combine(output.Scratch, ".work/p/0/attempt-1/x"), new byte[11 << 20]);

        Assert.Throws<StorageException>(() => output.Keep(".work/p/0/attempt-1/x", digest));
        Assert.Empty(await UploadsAsync(bucket));
        Assert.Null(output.Read(".work/p/0/attempt-1/x"));
    }

    [Fact]
    public async Task AbortUploads_OfADeadAttempt_EndsThemBelowItsPrefixOnly()
    {
        var bucket = await s3.CreateBucketAsync();
        using var client = s3.Client();
        foreach (var key in (string[])["out/.work/p/000000/attempt-1/x", "out/.work/p/000000/attempt-2/x"])
        {
            await client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = bucket, Key = key }, TestContext.Current.CancellationToken);
        }

        using var storage = Open(bucket);
        storage.Of($"s3://{bucket}/out").OpenOutput($"s3://{bucket}/out", "job-1").Discard(".work/p/000000/attempt-1");
        Assert.Equal(["out/.work/p/000000/attempt-2/x"], await UploadsAsync(bucket));
    }

    [Fact]
    public async Task Expand_BracesGlobsAndLists_NameObjects()
    {
        var bucket = await s3.CreateBucketAsync();
        foreach (var key in (string[])["pool/00000.tar", "pool/00001.tar", "pool/00001.json", "pool/deep/00002.tar", "pool/.work/00003.tar", "pool2/00004.tar"])
        {
            await PutAsync(key, 10, bucket);
        }

        using var storage = Open(bucket);
        string[] Names(params string[] patterns)
        {
            var (files, faults) = ShardPatterns.Expand(patterns, storage);
            Assert.Empty(faults);
            return [.. files.Select(f => f.Name[$"s3://{bucket}/".Length..])];
        }

        Assert.Equal(["pool/00000.tar", "pool/00001.tar", "pool/00002.tar"], Names($"s3://{bucket}/pool/{{00000..00002}}.tar"));
        Assert.Equal(["pool/00000.tar", "pool/00001.tar"], Names($"s3://{bucket}/pool/*.tar"));
        Assert.Equal(["pool/00000.tar", "pool/00001.tar", "pool/deep/00002.tar"], Names($"s3://{bucket}/pool/**/*.tar"));
        Assert.Equal(["pool/00001.json", "pool2/00004.tar"], Names($"s3://{bucket}/pool?/0*.tar", $"s3://{bucket}/pool/00001.json"));
        Assert.Contains("No object matches", Assert.Single(ShardPatterns.Expand([$"s3://{bucket}/pool/*.zip"], storage).Faults).Problem, StringComparison.Ordinal);
        Assert.Contains("outside Storage:AllowedRoots", Assert.Single(ShardPatterns.Expand(["s3://other/*.tar"], storage).Faults).Problem, StringComparison.Ordinal);
        Assert.Contains("Name the bucket", Assert.Single(ShardPatterns.Expand(["s3://buck*/x.tar"], storage).Faults).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatAll_FewOrMany_FindsThoseThatExist()
    {
        var bucket = await s3.CreateBucketAsync();
        for (var i = 0; i < 30; i += 2)
        {
            await PutAsync($"pool/{i:D5}.tar", 10 + i, bucket);
        }

        using var storage = Open(bucket);
        string[] many = [.. Enumerable.Range(0, 30).Select(i => $"s3://{bucket}/pool/{i:D5}.tar")];
        var (few, all) = (storage.Of(many[0]).StatAll(many[..4]), storage.Of(many[0]).StatAll(many));
        Assert.Equal([many[0], many[2]], few.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(15, all.Count);
        Assert.Equal(few[many[2]] with { ModifiedAt = default }, all[many[2]] with { ModifiedAt = default });
    }

    [Fact]
    public async Task BucketThatIsMissing_NamesItAndTheRemedy()
    {
        await s3.CreateBucketAsync();
        using var storage = new JobStorage(new AllowedRoots(["s3://not-there"]), s3.Options(_folder.File("spool")));
        foreach (var fault in (Exception[])
        [
            Assert.Throws<StorageRefusedException>(() => storage.Stat("s3://not-there/a.tar")),
            Assert.Throws<StorageRefusedException>(() => storage.OpenRead("s3://not-there/a.tar")),
            Assert.Throws<StorageRefusedException>(() => ShardPatterns.Expand(["s3://not-there/*.tar"], storage)),
            Assert.Throws<StorageRefusedException>(() => storage.Of("s3://not-there/o").OpenOutput("s3://not-there/o", "job-1").Commit("", "a", [1], null)),
        ])
        {
            Assert.Contains("no bucket 'not-there'", fault.Message, StringComparison.Ordinal);
            Assert.Contains("Storage:S3:Endpoint", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task KeyThatTheServerRefuses_NamesTheSettingAndNotTheSecret()
    {
        using var strict = await PrivateS3.StartStrictAsync();
        using var storage = new JobStorage(new AllowedRoots(["s3://pool"]), s3.Options(_folder.File("spool"), strict.Port));
        foreach (var fault in (Exception[])
        [
            Assert.Throws<StorageRefusedException>(() => storage.Stat("s3://pool/a.tar")),
            Assert.Throws<StorageRefusedException>(() => ShardPatterns.Expand(["s3://pool/*.tar"], storage)),
            Assert.Throws<StorageRefusedException>(() => storage.Of("s3://pool/o").OpenOutput("s3://pool/o", "job-1").Commit("", "a", [1], null)),
        ])
        {
            Assert.Contains("Storage:S3:AccessKey", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret-of-the-test", fault.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ServerThatIsNotThere_IsTransientAndNamesTheEndpoint()
    {
        var port = 0;
        await using (var proxy = new FaultyProxy(1, (_, _, _) => ProxyFault.None))
        {
            port = proxy.Port;
        }

        using var storage = Open("pool", port, retries: 0);
        Assert.Contains("Storage:S3:Endpoint", Assert.Throws<StorageException>(() => storage.Stat("s3://pool/a.tar")).Message, StringComparison.Ordinal);
    }

    private JobStorage Open(string bucket, int? port = null, int retries = 6)
    {
        var options = s3.Options(_folder.File("spool"), port);
        options.Retries = retries;
        return new JobStorage(new AllowedRoots([$"s3://{bucket}"]), options);
    }

    private async Task<(string Bucket, byte[] Bytes)> PutAsync(string key, int length, string? bucket = null, int seed = 1)
    {
        bucket ??= await s3.CreateBucketAsync();
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        using var client = s3.Client();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, InputStream = new MemoryStream(bytes) }, TestContext.Current.CancellationToken);
        return (bucket, bytes);
    }

    private async Task<string[]> UploadsAsync(string bucket)
    {
        using var client = s3.Client();
        var uploads = await client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = bucket }, TestContext.Current.CancellationToken);
        return [.. (uploads.MultipartUploads ?? []).Select(u => u.Key)];
    }
}
