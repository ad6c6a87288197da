using Orchestrator.Data.Storage;
using Orchestrator.Data.Storage.S3;

namespace Orchestrator.Data.Tests.Storage.S3;

public sealed class S3AddressTests
{
    [Theory]
    [InlineData("s3://bucket", "bucket", "")]
    [InlineData("s3://bucket/", "bucket", "")]
    [InlineData("s3://my.bucket-1/a/b c/d.tar", "my.bucket-1", "a/b c/d.tar")]
    [InlineData("s3://bucket/run-7/", "bucket", "run-7")]
    public void TryParse_Address_HasBucketAndKey(string text, string bucket, string key) =>
        Assert.Equal(new S3Address(bucket, key), S3Address.TryParse(text, out _));

    [Theory]
    [InlineData("s3:/bucket/a", "begin with s3://")]
    [InlineData("s3://", "valid bucket name")]
    [InlineData("s3://ab/key", "valid bucket name")]
    [InlineData("s3://Bucket/key", "valid bucket name")]
    [InlineData("s3://user:pass@bucket/key", "valid bucket name")]
    [InlineData("s3://a..b/key", "valid bucket name")]
    [InlineData("s3://bucket/a/../b", "'..'")]
    [InlineData("s3://bucket/a/./b", "empty name or '.'")]
    [InlineData("s3://bucket//a", "empty name or '.'")]
    [InlineData("s3://bucket/a\\b", "backslash")]
    [InlineData("s3://bucket/a\nb", "control character")]
    public void TryParse_NoAddress_SaysWhy(string text, string problem)
    {
        Assert.Null(S3Address.TryParse(text, out var said));
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    [Fact]
    public void TryParse_KeyLongerThanS3Takes_SaysWhy()
    {
        Assert.Null(S3Address.TryParse("s3://bucket/" + new string('ä', 513), out var said));
        Assert.Contains("1024 bytes", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3://pool/laion", "s3://pool/laion/00000.tar", true)]
    [InlineData("s3://pool/laion", "s3://pool/laion", true)]
    [InlineData("s3://pool/laion", "s3://pool/laion-2b/00000.tar", false)]
    [InlineData("s3://pool/laion", "s3://pool2/laion/00000.tar", false)]
    [InlineData("s3://pool", "s3://pool/any/thing", true)]
    [InlineData("s3://pool/laion", "s3://pool/laion/../secret", false)]
    public void ResolveAny_GuardsPrefixesLikeFolders(string root, string path, bool allowed)
    {
        var resolved = new AllowedRoots(["out", root]).ResolveAny(path, "input.shards[0]");
        Assert.Equal(allowed, resolved.Ok);
        Assert.Equal(allowed ? null : "input.shards[0]", resolved.Fault?.Field);
    }

    [Fact]
    public void ResolveAny_RelativeToAPrefix_StaysBelowIt()
    {
        var roots = new AllowedRoots(["s3://pool/laion"]);
        Assert.Equal("s3://pool/laion/a.tar", roots.ResolveAny("a.tar", "f", "s3://pool/laion/").Value);
        Assert.False(roots.ResolveAny("../x.tar", "f", "s3://pool/laion").Ok);
    }

    [Fact]
    public void Resolve_FieldOfLocalFiles_RefusesObjectsEvenInsideARoot()
    {
        var fault = new AllowedRoots(["s3://pool"]).Resolve("s3://pool/entries.txt", "stages[0].entries").Fault!;
        Assert.Contains("local files", fault.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_NoServerConfigured_NamesTheSetting()
    {
        using var storage = new JobStorage(new AllowedRoots(["s3://pool"]));
        Assert.Contains("Storage:S3:Endpoint", storage.Resolve("s3://pool/a.tar", "input.shards[0]").Fault!.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_EveryMistakeAtOnce_AndNoSecret()
    {
        var options = new S3Options { Endpoint = "http://user:hunter2@host/path", AccessKey = "hunter3", PartBytes = 1, CopyBytes = 6L << 30, Retries = 99, RetryDelay = TimeSpan.Zero, Timeout = TimeSpan.Zero, SpoolBytes = 1 };
        var errors = S3Options.Validate(options, ["s3://UPPER", "folder"]);
        Assert.Equal(9, errors.Count);
        Assert.All(errors, e => Assert.StartsWith("Storage:", e, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter", string.Concat(errors), StringComparison.Ordinal);
        Assert.Empty(S3Options.Validate(new S3Options { Endpoint = "https://minio.internal:9000" }, ["s3://pool/laion"]));
        Assert.Contains("Storage:S3:Endpoint", Assert.Single(S3Options.Validate(new S3Options(), ["s3://pool"])), StringComparison.Ordinal);
    }
}
