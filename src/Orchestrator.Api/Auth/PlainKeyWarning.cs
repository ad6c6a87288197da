using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;

namespace Orchestrator.Api.Auth;

/// <summary>At start, names each key that stands in the configuration in plain text. Never shows one.</summary>
internal sealed partial class PlainKeyWarning(IOptions<AuthOptions> options, ILogger<PlainKeyWarning> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (index, key) in options.Value.Keys.Index().Where(k => k.Item.Hash is null))
        {
            LogPlainKey(logger, index, key.Name ?? "");
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(Level = LogLevel.Warning, Message = "Auth:Keys:{Index} ('{Name}') stands in the configuration in plain text; put there what 'orchestrator key hash' prints for it")]
    private static partial void LogPlainKey(ILogger logger, int index, string name);
}
