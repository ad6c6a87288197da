using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orchestrator.Api.Auth;
using Orchestrator.Api.Tests.Testing;
using Orchestrator.Tests.Shared;

[assembly: AssemblyFixture(typeof(PrivatePostgres))]

namespace Orchestrator.Api.Tests.Security;

/// <summary>
/// Everything that a server on PostgreSQL says at the most talkative level, while keys come in by every way and the database goes
/// away, holds no key, no password and no secret.
/// </summary>
public sealed class SecretsInLogsTests(PrivatePostgres postgres)
{
    private const string Key = "orch_operator-key-0123456789";
    private const string Wrong = "orch_wrong-key-9876543210";
    private const string Password = "database-password-0123456789";
    private const string SigningKey = "signing-key-0123456789-0123456789-0123456789";

    [Fact]
    public async Task Run_AtTraceLevel_SaysNoSecret()
    {
        var log = new Everything();
        var connection = $"{await postgres.CreateDatabaseAsync()};Password={Password}";
        string secret;
        await using (var server = Server(connection, log))
        {
            await server.InitializeAsync();
            foreach (var (header, value) in ((string, string)[])[
                ("X-Api-Key", Key), ("Authorization", $"Bearer {Key}"), ("Authorization", $"Basic {Basic(Key)}"), ("Cookie", $"orchestrator-key={Cookie(Key)}"),
                ("X-Api-Key", Wrong), ("Authorization", $"Bearer {Wrong}"), ("Authorization", $"Basic {Basic(Wrong)}"),
            ])
            {
                await server.Client.GetJsonAsync("/api/v1/jobs", (header, value));
                await server.Client.GetJsonAsync("/jobs", (header, value));
            }

            var submitted = await server.Client.PostJsonAsync("/api/v1/jobs", Docs.Curation(server), ("X-Api-Key", Key));
            Assert.Equal(HttpStatusCode.Created, submitted.Status);
            var hook = await server.Client.PostJsonAsync("/api/v1/webhooks", new JsonObject { ["url"] = "https://hooks.example.invalid/" }, ("X-Api-Key", Key));
            secret = hook.Text("secret");
            await server.Client.PostJsonAsync($"/api/v1/jobs/{submitted.Text("id")}/cancel", null, ("X-Api-Key", Key));
            await server.Client.GetJsonAsync("/dashboard/DashboardCounters", ("X-Api-Key", Key));
        }

        AssertSilent(log, secret);

        // The run was heard at all, and by its own words.
        Assert.True(log.Lines.Count > 200, $"{log.Lines.Count} lines");
        Assert.Contains(log.Lines, line => line.Contains("'olga'", StringComparison.Ordinal) && line.Contains("plain text", StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Contains("submitted by olga", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DatabaseOutOfReach_WhatItWaitsForSaysNoSecret()
    {
        using var waits = new CancellationTokenSource();
        var log = new Everything { Heard = line => { if (line.Contains("Waiting for", StringComparison.Ordinal)) { waits.Cancel(); } } };
        await using var server = Server($"Host=127.0.0.1;Port=9;Username=orchestrator;Database=none;Password={Password};Timeout=1", log);

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await server.InitializeAsync(waits.Token));

        Assert.DoesNotContain(Password, error.ToString(), StringComparison.Ordinal);
        AssertSilent(log, SigningKey);
        Assert.Contains(log.Lines, line => line.Contains("Waiting for", StringComparison.Ordinal));
    }

    private static void AssertSilent(Everything log, string webhookSecret)
    {
        foreach (var secret in (string[])[Key, Wrong, Basic(Key), Cookie(Key), Basic(Wrong), Password, SigningKey, webhookSecret, KeyRing.Hash(Key)["sha256:".Length..]])
        {
            Assert.DoesNotContain(log.Lines, line => line.Contains(secret, StringComparison.OrdinalIgnoreCase));
        }
    }

    private static ApiServer Server(string connection, Everything log) => new(
        new()
        {
            ["Cluster:Provider"] = "postgres",
            ["ConnectionStrings:orchestrator"] = connection,
            ["Auth:Keys:0:Key"] = Key,
            ["Auth:Keys:0:Name"] = "olga",
            ["Auth:Keys:0:Roles:0"] = "operator",
            ["Webhooks:AllowedHosts:0"] = "hooks.example.invalid",
            ["Webhooks:SigningKey"] = SigningKey,
        },
        services =>
        {
            services.AddLogging(logging => logging.AddProvider(log));
            services.PostConfigure<LoggerFilterOptions>(filters =>
            {
                filters.Rules.Clear();
                filters.MinLevel = LogLevel.Trace;
            });
        });

    private static string Basic(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{key}"));

    private static string Cookie(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key)).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>Keeps every message, its values, its scopes and its exception as text.</summary>
    private sealed class Everything : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public Action<string>? Heard { get; init; }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Lines.Enqueue($"scope {Text(state)}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{logLevel} {formatter(state, exception)} {Text(state)} {exception}";
            Lines.Enqueue(line);
            Heard?.Invoke(line);
        }

        public void Dispose()
        {
        }

        private static string Text(object? state) => state is IEnumerable<KeyValuePair<string, object?>> values
            ? string.Join(' ', values.Select(v => $"{v.Key}={v.Value}"))
            : $"{state}";
    }
}
