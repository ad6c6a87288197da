using System.Net.Sockets;
using System.Numerics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using StackExchange.Redis;

namespace Orchestrator.Contracts.Hosting;

/// <summary>
/// Keeps a process from starting its silo before the membership's store can take it in: Orleans would give up at once, and
/// the processes of a cluster start in any order. Waits for ever; what it waits for is in the log.
/// </summary>
/// <param name="probe">Null where the store is ready, else what is missing. Throws for what waiting cannot cure.</param>
internal sealed partial class MembershipGate(
    Func<CancellationToken, Task<string?>> probe, TimeProvider time, ILogger<MembershipGate> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        for (var tries = 1; await probe(cancellationToken) is { } missing; tries++)
        {
            if (BitOperations.IsPow2(tries))
            {
                LogWaiting(logger, missing);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>PostgreSQL answers and has the membership's tables, which the first control process makes.</summary>
    public static async Task<string?> ProbePostgresAsync(string connectionString, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ToString());
            await connection.OpenAsync(cancellationToken);
            await using var look = new NpgsqlCommand("SELECT to_regclass('orleansquery') IS NOT NULL", connection);
            return (bool)(await look.ExecuteScalarAsync(cancellationToken))! ? null : "the membership's tables, which the first Api process makes";
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification)
        {
            throw new InvalidOperationException($"PostgreSQL does not let this process in: {e.MessageText}. Check ConnectionStrings:orchestrator.", e);
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException)
        {
            return $"PostgreSQL: {e.Message}";
        }
    }

    /// <summary>Redis answers.</summary>
    public static async Task<string?> ProbeRedisAsync(string connectionString, CancellationToken cancellationToken)
    {
        try
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(connectionString).WaitAsync(cancellationToken);
            await redis.GetDatabase().PingAsync().WaitAsync(cancellationToken);
            return null;
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            return $"Redis: {e.Message}";
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for {Missing}")]
    private static partial void LogWaiting(ILogger logger, string missing);
}
