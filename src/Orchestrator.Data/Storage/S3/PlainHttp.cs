using Amazon.Runtime;

namespace Orchestrator.Data.Storage.S3;

/// <summary>
/// The HTTP client of the SDK: follows no redirect, so that no request goes to another server than the configured one, and
/// sends bodies at once. Many S3-compatible servers do not answer <c>Expect: 100-continue</c>, which would cost a second of waiting each.
/// </summary>
internal sealed class PlainHttp : HttpClientFactory, IDisposable
{
    private readonly HttpClient _client;

    /// <param name="longest">Longest wait for a connection, and for the head of an answer once a request is begun.</param>
    public PlainHttp(TimeSpan longest) => _client = new HttpClient(new AtOnce(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        ConnectTimeout = longest,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        UseCookies = false,
    }))
    {
        Timeout = longest,
    };

    /// <inheritdoc />
    public override HttpClient CreateHttpClient(IClientConfig clientConfig) => _client;

    /// <inheritdoc />
    public override bool UseSDKHttpClientCaching(IClientConfig clientConfig) => false;

    /// <inheritdoc />
    public override bool DisposeHttpClientsAfterUse(IClientConfig clientConfig) => false;

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private sealed class AtOnce(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.ExpectContinue = false;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
