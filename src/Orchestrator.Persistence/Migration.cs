using System.Reflection;
using DbUp.Builder;
using DbUp.Engine.Output;
using Microsoft.Extensions.Logging;

namespace Orchestrator.Persistence;

/// <summary>
/// Runs the embedded scripts of <c>Migrations/DIALECT</c> that a database has not seen, in order of name, each in its own
/// transaction. A script that has been released is never edited; a change is a new script.
/// </summary>
internal static class Migration
{
    public static void Run(UpgradeEngineBuilder database, string dialect, ILogger logger)
    {
        var prefix = $"{typeof(Migration).Namespace}.Migrations.{dialect}.";
        var result = database
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), name => name.StartsWith(prefix, StringComparison.Ordinal))
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogTo(new Log(logger))
            .Build()
            .PerformUpgrade();
        if (!result.Successful)
        {
            throw new InvalidOperationException(
                $"The job store's schema could not be upgraded; script '{result.ErrorScript?.Name}' failed: {result.Error.Message}", result.Error);
        }
    }

    private sealed class Log(ILogger logger) : IUpgradeLog
    {
        public void LogTrace(string format, params object[] args) => logger.LogTrace(format, args);

        public void LogDebug(string format, params object[] args) => logger.LogDebug(format, args);

        public void LogInformation(string format, params object[] args) => logger.LogDebug(format, args);

        public void LogWarning(string format, params object[] args) => logger.LogWarning(format, args);

        public void LogError(string format, params object[] args) => logger.LogError(format, args);

        public void LogError(Exception ex, string format, params object[] args) => logger.LogError(ex, format, args);
    }
}
