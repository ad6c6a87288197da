using System.Net;
using Amazon.Runtime;
using Amazon.S3;

namespace Orchestrator.Data.Storage.S3;

/// <summary>Says in words what a server answered, and whether asking again can help.</summary>
internal static class S3Faults
{
    private static readonly string[] KeyCodes =
        ["InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "TokenRefreshRequired", "InvalidClientTokenId", "AuthFailure", "AuthorizationHeaderMalformed", "UnrecognizedClientException"];

    /// <summary>True for an answer that there is no such object.</summary>
    public static bool IsMissing(AmazonS3Exception fault) => fault.StatusCode == HttpStatusCode.NotFound && fault.ErrorCode is not "NoSuchBucket";

    /// <summary>True for a condition of the request that did not hold.</summary>
    public static bool IsCondition(AmazonS3Exception fault) =>
        fault.StatusCode is HttpStatusCode.PreconditionFailed || (fault.StatusCode == HttpStatusCode.Conflict && fault.ErrorCode == "ConditionalRequestConflict");

    /// <summary>The exception to throw instead.</summary>
    /// <param name="fault">What the SDK threw.</param>
    /// <param name="address">What was asked for.</param>
    /// <param name="endpoint">The server.</param>
    /// <param name="verb">What was tried, e.g. <c>read</c>.</param>
    public static Exception Explain(Exception fault, S3Address address, string endpoint, string verb) => fault switch
    {
        AmazonS3Exception { ErrorCode: "NoSuchBucket" } => new StorageRefusedException(
            $"{address}: there is no bucket '{address.Bucket}' at {endpoint}; make it, or correct the name or {S3Options.Section}:Endpoint.", fault),
        AmazonS3Exception e when KeyCodes.Contains(e.ErrorCode) => new StorageRefusedException(
            $"{address}: {endpoint} does not accept the key ({e.ErrorCode}); correct {S3Options.Section}:AccessKey and SecretKey, or the credentials of the SDK's chain, and {S3Options.Section}:Region.", fault),
        AmazonS3Exception { StatusCode: HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized } e => new StorageRefusedException(
            $"{address}: {endpoint} does not let this key {verb} it ({(string.IsNullOrEmpty(e.ErrorCode) ? "Forbidden" : e.ErrorCode)}); correct {S3Options.Section}:AccessKey and SecretKey, or give the key that right on bucket '{address.Bucket}'.", fault),
        AmazonS3Exception e when IsMissing(e) => new StorageRefusedException($"{address}: there is no such object at {endpoint}; check the path.", fault),
        AmazonS3Exception e when IsCondition(e) => new StorageRefusedException(
            $"{address}: the object is not the one that it was when the job was planned; do not change inputs while a job runs, and submit the job again.", fault),
        AmazonS3Exception { StatusCode: HttpStatusCode.MovedPermanently or HttpStatusCode.TemporaryRedirect } => new StorageRefusedException(
            $"{address}: {endpoint} sends bucket '{address.Bucket}' elsewhere, and other servers are not asked; correct {S3Options.Section}:Endpoint and Region.", fault),
        AmazonS3Exception { StatusCode: HttpStatusCode.BadRequest } e => new StorageRefusedException(
            $"{address}: {endpoint} did not understand the request to {verb} it ({e.ErrorCode}: {e.Message}); check {S3Options.Section}:Region and PathStyle.", fault),
        AmazonClientException e when e.Message.Contains("credentials", StringComparison.OrdinalIgnoreCase) => new StorageRefusedException(
            $"{address}: the SDK's chain has no credentials; set {S3Options.Section}:AccessKey and SecretKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.", fault),
        AmazonServiceException e => new StorageException($"{address}: {endpoint} failed to {verb} it ({(int)e.StatusCode} {e.ErrorCode}); try again, and look at the server if it repeats.", fault),
        _ => new StorageException($"{address}: {endpoint} cannot be reached to {verb} it ({fault.Message}); check {S3Options.Section}:Endpoint and the network.", fault),
    };

    /// <summary>Exceptions that <see cref="Explain"/> is for.</summary>
    public static bool IsStorage(Exception e) => e is AmazonClientException or AmazonServiceException or IOException or HttpRequestException or OperationCanceledException;
}
