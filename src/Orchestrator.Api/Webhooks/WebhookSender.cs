using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;
using Orchestrator.Persistence;

namespace Orchestrator.Api.Webhooks;

/// <summary>How one try ended. <paramref name="Error"/> is null where it was answered with a 2xx.</summary>
internal sealed record SendResult(int? Status, string? Error);

/// <summary>Sends deliveries.</summary>
internal interface IWebhookSender
{
    /// <summary>One try. Never throws for what the receiver does.</summary>
    Task<SendResult> SendAsync(DeliveryRecord delivery, CancellationToken cancellationToken);
}

/// <summary>
/// The only client of the server that calls addresses which users name. It follows no redirect, uses no proxy, keeps no cookie,
/// reads nothing of the answer but its status, and connects to the very address that it has judged: a name cannot be looked up
/// as one address and called at another.
/// </summary>
internal sealed class WebhookSender : IWebhookSender, IDisposable
{
    private const int MaxAnswerHeadersKiB = 16;

    private readonly WebhooksOptions options;
    private readonly TimeProvider time;
    private readonly HttpClient client;

    public WebhookSender(IOptions<WebhooksOptions> options, TimeProvider time)
    {
        this.options = options.Value;
        this.time = time;
        client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxResponseHeadersLength = MaxAnswerHeadersKiB,
            MaxConnectionsPerServer = 4,
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
        })
        { Timeout = this.options.Timeout };
    }

    public async Task<SendResult> SendAsync(DeliveryRecord delivery, CancellationToken cancellationToken)
    {
        if (options.SigningKey is not { } key || WebhookTarget.ProblemOf(delivery.Url, options) is not null)
        {
            return new(null, "The address is not allowed (any more): see Webhooks:AllowedHosts.");
        }

        var body = Encoding.UTF8.GetBytes(delivery.Payload);
        using var request = new HttpRequestMessage(HttpMethod.Post, delivery.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Orchestrator", "1"));
        request.Headers.Add("X-Orchestrator-Event", "job.ended");
        request.Headers.Add("X-Orchestrator-Delivery", delivery.Id);
        request.Headers.Add(WebhookSignature.Header, WebhookSignature.Of(WebhookSignature.SecretOf(key, delivery.Webhook), time.GetUtcNow(), body));
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = (int)response.StatusCode;
            return new(status, status switch
            {
                >= 200 and < 300 => null,
                >= 300 and < 400 => $"The receiver answered {status}; redirects are not followed.",
                _ => $"The receiver answered {status}.",
            });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(null, $"No answer within {options.Timeout.TotalSeconds:0.#} s.");
        }
        catch (HttpRequestException e)
        {
            return new(null, (e.InnerException as RefusedAddressException)?.Message ?? $"The receiver could not be reached: {e.HttpRequestError}.");
        }
    }

    public void Dispose() => client.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var host = context.DnsEndPoint.Host;
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken);
        var allowed = options.AllowPrivateAddresses ? addresses : [.. addresses.Where(WebhookTarget.IsPublic)];
        if (allowed.Length == 0)
        {
            throw new RefusedAddressException($"'{host}' has no address on the public network, and others are not called (Webhooks:AllowPrivateAddresses).");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private sealed class RefusedAddressException(string message) : Exception(message);
}
