using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;

namespace Orchestrator.Api.Http;

/// <summary>What the web server refuses before any code of ours sees a request.</summary>
internal sealed class ServerLimits(IConfiguration configuration) : IConfigureOptions<KestrelServerOptions>
{
    private const int MaxHeaders = 64;
    private const int MaxRequestLine = 8 << 10;
    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(15);

    public void Configure(KestrelServerOptions options)
    {
        var limits = Read();
        options.AddServerHeader = false;
        options.Limits.MaxRequestLineSize = MaxRequestLine;
        options.Limits.MaxRequestHeadersTotalSize = limits.MaxHeaderBytes;
        options.Limits.MaxRequestHeaderCount = MaxHeaders;
        options.Limits.RequestHeadersTimeout = HeadersTimeout;
        options.Limits.MaxConcurrentConnections = limits.MaxConnections;

        // A document as a form's field may take three bytes for one, and there are fields beside it.
        options.Limits.MaxRequestBodySize = (4L * limits.MaxDocumentBytes) + 65536;
    }

    /// <summary>
    /// The section as it stands. The web server asks before the settings are checked, and the check, which reports all mistakes of
    /// all sections together, must not be overtaken by an error from here.
    /// </summary>
    private LimitsOptions Read()
    {
        try
        {
            var limits = configuration.GetSection(LimitsOptions.Section).Get<LimitsOptions>() ?? new();
            return new LimitsOptionsValidator().Validate(null, limits).Succeeded ? limits : new();
        }
        catch (InvalidOperationException)
        {
            return new();
        }
    }
}
