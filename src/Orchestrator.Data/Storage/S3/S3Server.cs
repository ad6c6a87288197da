using System.Collections.Concurrent;
using System.Net;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace Orchestrator.Data.Storage.S3;

/// <summary>
/// The configured server and nothing else: no redirect is followed and no bucket's own region is asked. Requests that fail
/// for a reason of the moment are tried again by the SDK (<see cref="S3Options.Retries"/>); what is left is a
/// <see cref="StorageException"/>, or a <see cref="StorageRefusedException"/> where asking again cannot help. Calls block: make
/// them from threads that may. Safe for concurrent use.
/// </summary>
public sealed class S3Server : IDisposable
{
    private readonly AmazonS3Client _client;
    private readonly PlainHttp _http;
    private readonly ConcurrentDictionary<string, bool> _known = new(StringComparer.Ordinal);

    /// <param name="options">Valid options that are on.</param>
    /// <param name="time">Clock of pauses and of the watch for silence.</param>
    public S3Server(S3Options options, TimeProvider time)
    {
        (Options, Time) = (options, time);
        _http = new PlainHttp(options.Timeout);
        var config = new AmazonS3Config
        {
            ForcePathStyle = options.PathStyle ?? !string.IsNullOrWhiteSpace(options.Endpoint),
            MaxErrorRetry = options.Retries,
            RetryMode = RequestRetryMode.Standard,
            ThrottleRetries = false,
            Timeout = options.Timeout,
            AllowAutoRedirect = false,
            HttpClientFactory = _http,
            IgnoreConfiguredEndpointUrls = true,

            // Every body carries its MD5 or is signed whole, which all servers check; the newer checksums only some know.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        var region = string.IsNullOrWhiteSpace(options.Region) ? "us-east-1" : options.Region;
        if (string.IsNullOrWhiteSpace(options.Endpoint))
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
            Endpoint = $"Amazon S3 in {region}";
        }
        else
        {
            config.ServiceURL = options.Endpoint;
            config.AuthenticationRegion = region;
            Endpoint = options.Endpoint;
        }

        _client = string.IsNullOrEmpty(options.AccessKey) ? new AmazonS3Client(config)
            : string.IsNullOrEmpty(options.SessionToken) ? new AmazonS3Client(new BasicAWSCredentials(options.AccessKey, options.SecretKey), config)
            : new AmazonS3Client(new SessionAWSCredentials(options.AccessKey, options.SecretKey, options.SessionToken), config);
    }

    /// <summary>The server, for messages.</summary>
    public string Endpoint { get; }

    internal S3Options Options { get; }

    internal TimeProvider Time { get; }

    /// <summary>What the server says of an object; null where there is none.</summary>
    public StoredFile? Stat(S3Address address) => StatWithDigest(address)?.File;

    internal StatedObject? StatWithDigest(S3Address address)
    {
        try
        {
            var found = Wait(_client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = address.Bucket, Key = address.Key }));
            return new(new StoredFile(address.ToString(), found.ContentLength, found.ETag, Utc(found.LastModified)), found.Metadata[S3Upload.DigestMetadata]);
        }
        catch (AmazonS3Exception e) when (S3Faults.IsMissing(e))
        {
            // The answer to HEAD has no body, so a missing bucket looks like a missing object.
            CheckBucket(address);
            return null;
        }
        catch (Exception e) when (S3Faults.IsStorage(e))
        {
            throw S3Faults.Explain(e, address, Endpoint, "read");
        }
    }

    /// <summary>Objects whose keys begin with the bucket's <paramref name="prefix"/>, in the order of their keys in UTF-8, lazily.</summary>
    public IEnumerable<StoredFile> List(string bucket, string prefix)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = bucket, Prefix = prefix, ContinuationToken = next };
            var page = Call(new S3Address(bucket, prefix), "list", () => _client.ListObjectsV2Async(request));
            foreach (var item in page.S3Objects ?? [])
            {
                yield return new StoredFile(new S3Address(bucket, item.Key).ToString(), item.Size ?? 0, item.ETag, Utc(item.LastModified));
            }

            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <summary>Opens an object for reading; the stream can seek, resumes where a body breaks off, and never mixes two versions.</summary>
    /// <param name="address">The object.</param>
    /// <param name="version">Version that it must have; null takes the present one.</param>
    /// <exception cref="StorageRefusedException">It is not there or has another version.</exception>
    public Stream OpenRead(S3Address address, string? version = null)
    {
        var found = Stat(address) ?? throw new StorageRefusedException($"{address}: there is no such object at {Endpoint}; check the path.");
        return version is null || version == found.Version
            ? new S3ReadStream(this, address, found.Bytes, found.Version!)
            : throw new StorageRefusedException(
                $"{address}: the object is not the one that it was when the job was planned (version {version} then, {found.Version} now); do not change inputs while a job runs, and submit the job again.");
    }

    /// <summary>Deletes objects; those that are not there count as deleted.</summary>
    public void Delete(IEnumerable<S3Address> addresses)
    {
        foreach (var address in addresses)
        {
            Call(address, "delete", () => _client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = address.Bucket, Key = address.Key }));
        }
    }

    /// <summary>Ends multipart uploads below a prefix that nobody will finish, so that their parts are not kept and paid for.</summary>
    public void AbortUploads(S3Address below)
    {
        ListMultipartUploadsResponse page;
        var request = new ListMultipartUploadsRequest { BucketName = below.Bucket, Prefix = below.Prefix };
        do
        {
            page = Call(below, "list uploads of", () => _client.ListMultipartUploadsAsync(request));
            foreach (var upload in page.MultipartUploads ?? [])
            {
                Abort(new S3Address(below.Bucket, upload.Key), upload.UploadId);
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
    }

    /// <summary>Says no in words where the bucket is missing or closed; asked once a bucket.</summary>
    public void CheckBucket(S3Address address)
    {
        if (!_known.ContainsKey(address.Bucket))
        {
            Call(address, "list", () => _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = address.Bucket, Prefix = address.Prefix, MaxKeys = 1 }));
            _known[address.Bucket] = true;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
    }

    internal void Abort(S3Address address, string upload)
    {
        try
        {
            Wait(_client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = address.Bucket, Key = address.Key, UploadId = upload }));
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            // Ended already.
        }
        catch (Exception e) when (S3Faults.IsStorage(e))
        {
            throw S3Faults.Explain(e, address, Endpoint, "abort an upload of");
        }
    }

    internal T Call<T>(S3Address address, string verb, Func<Task<T>> call) => Call(address, verb, _ => call());

    internal T Call<T>(S3Address address, string verb, Func<AmazonS3Client, Task<T>> call) => Wait(CallAsync(address, verb, call));

    /// <summary>Runs a call of the SDK to its end and says in words what went wrong. Missing objects and conditions that did not hold stay the SDK's.</summary>
    internal async Task<T> CallAsync<T>(S3Address address, string verb, Func<AmazonS3Client, Task<T>> call)
    {
        try
        {
            return await call(_client).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Faults.IsCondition(e) || S3Faults.IsMissing(e))
        {
            throw;
        }
        catch (Exception e) when (S3Faults.IsStorage(e))
        {
            throw S3Faults.Explain(e, address, Endpoint, verb);
        }
    }

    private static T Wait<T>(Task<T> task) => task.ConfigureAwait(false).GetAwaiter().GetResult();

    private static DateTimeOffset Utc(DateTime? time) => new(DateTime.SpecifyKind(time ?? DateTime.UnixEpoch, DateTimeKind.Utc));
}

/// <summary>An object with the digest that its writer noted; null where another writer made it.</summary>
internal sealed record StatedObject(StoredFile File, string? Sha256);
