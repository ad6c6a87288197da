using System.Security.Cryptography;
using Amazon.S3;
using Amazon.S3.Model;

namespace Orchestrator.Data.Storage.S3;

/// <summary>What must be there for a write to happen.</summary>
/// <param name="Absent">There must be no object.</param>
/// <param name="Version">There must be this version.</param>
internal sealed record WriteCondition(bool Absent, string? Version)
{
    /// <summary>Writes over whatever is there.</summary>
    public static WriteCondition None { get; } = new(false, null);
}

/// <summary>Puts local files into a bucket and copies objects inside the server. An object appears whole or not at all.</summary>
internal static class S3Upload
{
    /// <summary>Metadata that holds the lower-case hex SHA-256 of the content.</summary>
    public const string DigestMetadata = "x-amz-meta-sha256";

    private const int MostParts = 10_000;

    /// <summary>Uploads a file, in parts where it is large; a failed upload is aborted.</summary>
    /// <exception cref="AmazonS3Exception">The condition did not hold.</exception>
    public static void Put(S3Server server, string path, S3Address to, string sha256, WriteCondition condition)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.SequentialScan);
        var part = Math.Max(server.Options.PartBytes, (file.Length + MostParts - 1) / MostParts);
        if (file.Length > part)
        {
            PutParts(server, to, sha256, condition, Parts(file.Length, part), (client, upload, number, range) =>
            {
                var bytes = new byte[range.Bytes];
                file.Position = range.From;
                file.ReadExactly(bytes);
                return client.UploadPartAsync(new UploadPartRequest
                {
                    BucketName = to.Bucket, Key = to.Key, UploadId = upload, PartNumber = number, PartSize = bytes.Length,
                    InputStream = new MemoryStream(bytes), MD5Digest = Md5(bytes),
                }).ContinueWith(t => new PartETag(number, t.GetAwaiter().GetResult().ETag), TaskScheduler.Default);
            });
            return;
        }

        var content = new byte[file.Length];
        file.ReadExactly(content);
        Put(server, content, to, sha256, condition);
    }

    /// <summary>Uploads bytes in one request.</summary>
    /// <exception cref="AmazonS3Exception">The condition did not hold.</exception>
    public static void Put(S3Server server, byte[] content, S3Address to, string sha256, WriteCondition condition)
    {
        var request = new PutObjectRequest
        {
            BucketName = to.Bucket, Key = to.Key, InputStream = new MemoryStream(content), MD5Digest = Md5(content),
            IfNoneMatch = condition.Absent ? "*" : null, IfMatch = condition.Version,
        };
        request.Metadata[DigestMetadata] = sha256;
        server.Call(to, "write", client => client.PutObjectAsync(request));
    }

    /// <summary>Copies an object inside the server, in parts where it is large.</summary>
    /// <exception cref="AmazonS3Exception">There is no such object.</exception>
    public static void Copy(S3Server server, S3Address from, S3Address to, long bytes, string sha256)
    {
        if (bytes <= server.Options.CopyBytes)
        {
            server.Call(to, "write", client => client.CopyObjectAsync(new CopyObjectRequest
            {
                SourceBucket = from.Bucket, SourceKey = from.Key, DestinationBucket = to.Bucket, DestinationKey = to.Key,
            }));
            return;
        }

        PutParts(server, to, sha256, WriteCondition.None, Parts(bytes, server.Options.CopyBytes), (client, upload, number, range) => client.CopyPartAsync(new CopyPartRequest
        {
            SourceBucket = from.Bucket, SourceKey = from.Key, DestinationBucket = to.Bucket, DestinationKey = to.Key, UploadId = upload, PartNumber = number,
            FirstByte = range.From, LastByte = range.From + range.Bytes - 1,
        }).ContinueWith(t => new PartETag(number, t.GetAwaiter().GetResult().ETag), TaskScheduler.Default));
    }

    private static void PutParts(
        S3Server server, S3Address to, string sha256, WriteCondition condition, IEnumerable<PartRange> parts, Func<AmazonS3Client, string, int, PartRange, Task<PartETag>> send)
    {
        var start = new InitiateMultipartUploadRequest { BucketName = to.Bucket, Key = to.Key };
        start.Metadata[DigestMetadata] = sha256;
        var upload = server.Call(to, "write", client => client.InitiateMultipartUploadAsync(start)).UploadId;
        try
        {
            var done = parts.Select((range, i) => server.Call(to, "write", client => send(client, upload, i + 1, range))).ToList();
            server.Call(to, "write", client => client.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest
            {
                BucketName = to.Bucket, Key = to.Key, UploadId = upload, PartETags = done,
                IfNoneMatch = condition.Absent ? "*" : null, IfMatch = condition.Version,
            }));
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchUpload" && server.StatWithDigest(to)?.Sha256 == sha256)
        {
            // The server finished the upload and its answer was lost; the SDK asked again.
        }
        catch (AmazonS3Exception e) when (e.ErrorCode == "NoSuchUpload")
        {
            throw new StorageException($"{to}: the upload was ended by another; it is tried again with the shard.", e);
        }
        catch
        {
            try
            {
                server.Abort(to, upload);
            }
            catch (StorageException)
            {
                // What failed first is what the caller must hear; leftovers of the attempt's prefix are ended with it.
            }

            throw;
        }
    }

    private static IEnumerable<PartRange> Parts(long bytes, long part)
    {
        for (var from = 0L; from < bytes; from += part)
        {
            yield return new PartRange(from, Math.Min(part, bytes - from));
        }
    }

    // Not for secrecy: Content-MD5 is what every server checks a body with.
#pragma warning disable CA5351
    private static string Md5(byte[] content) => Convert.ToBase64String(MD5.HashData(content));
#pragma warning restore CA5351

    private readonly record struct PartRange(long From, long Bytes);
}
