using Amazon.S3.Model;
using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;
using Orchestrator.Tests.Shared;

namespace Orchestrator.Data.Tests.Storage.S3;

public sealed class S3OutputFolderTests(PrivateS3 s3) : OutputFolderContract
{
    private JobStorage? _storage;
    private string _root = "";

    public override void Dispose()
    {
        _storage?.Dispose();
        base.Dispose();
    }

    [Fact]
    public async Task Commit_TwoWriters_TheSecondIsRefusedUnlessItSaysTheSame()
    {
        var output = await OpenAsync();
        output.Commit(AttemptOf(output), "manifest.json", "one"u8.ToArray(), null);
        output.Commit(AttemptOf(output), "manifest.json", "one"u8.ToArray(), null);
        var fault = Assert.Throws<StorageRefusedException>(() => output.Commit(AttemptOf(output), "manifest.json", "two"u8.ToArray(), null));
        Assert.Contains("another writer", fault.Message, StringComparison.Ordinal);

        var before = output.Read("manifest.json");
        output.Commit(AttemptOf(output), "manifest.json", "two"u8.ToArray(), before);
        Assert.Throws<StorageRefusedException>(() => output.Commit(AttemptOf(output), "manifest.json", "three"u8.ToArray(), before));
        Assert.Equal("two"u8.ToArray(), output.Read("manifest.json")!.Bytes);
    }

    [Fact]
    public async Task Finish_DiedHalfway_IsSeenAndCompleted()
    {
        var output = await OpenAsync();
        output.Commit(AttemptOf(output), "manifest.json", "{}"u8.ToArray(), null);
        Keep(output, "left over");
        using var client = s3.Client();
        await client.PutObjectAsync(new PutObjectRequest { BucketName = _root["s3://".Length..].Split('/')[0], Key = "run-7/.work-done/job-1", ContentBody = "" }, TestContext.Current.CancellationToken);

        Assert.True(output.IsFinished("manifest.json"));
        output.Finish();
        Assert.Equal(["manifest.json"], Names());
    }

    [Fact]
    public async Task Place_LargerThanOneCopyMay_GoesInPartsAndIsTheSame()
    {
        var output = await OpenAsync();
        var bytes = new byte[13 << 20];
        new Random(7).NextBytes(bytes);
        const string Tar = ".work/job-1/write/000000/attempt-1/shard.tar";
        var digest = AtomicFile.Write(Path.Combine(output.Scratch, Tar), bytes);
        output.Keep(Tar, digest);
        output.Place(Tar, "00000000.tar", digest);

        Assert.Equal(digest, FileDigest.Of(output.Read("00000000.tar")!.Bytes));
        output.Finish();

        // A late attempt finds its source gone and the name given.
        output.Place(Tar, "00000000.tar", digest);
    }

    [Fact]
    public async Task Fetch_AnObjectThatSomebodyChanged_IsRefused()
    {
        var output = await OpenAsync();
        var digest = Keep(output, "hello");
        await ReplaceAsync(Relative, "hullo");
        using var pins = new SpoolPins();
        var fault = Assert.Throws<SpoiltFileException>(() => output.Fetch(Relative, digest, pins));
        Assert.Contains(digest.Sha256, fault.Message, StringComparison.Ordinal);
    }

    protected override async Task ReplaceAsync(string relative, string text)
    {
        using var client = s3.Client();
        await client.PutObjectAsync(
            new PutObjectRequest { BucketName = _root["s3://".Length..].Split('/')[0], Key = $"run-7/{relative}", ContentBody = text }, TestContext.Current.CancellationToken);
    }

    protected override async Task<IOutputFolder> OpenAsync()
    {
        var bucket = await s3.CreateBucketAsync();
        _root = $"s3://{bucket}/run-7";
        var options = s3.Options(Folder.File("spool"));
        options.CopyBytes = 5 << 20;
        _storage = new JobStorage(new AllowedRoots([_root]), options);
        return _storage.Of(_root).OpenOutput(_root, "job-1");
    }

    protected override IReadOnlyList<string> Names() => [.. _storage!.Of(_root).List(_root).Select(f => f.Path[(_root.Length + 1)..])];
}
