namespace Orchestrator.Cli;

/// <summary>Exit codes of every verb.</summary>
public static class ExitCodes
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>The job failed or was cancelled.</summary>
    public const int JobFailed = 1;

    /// <summary>The command line or the document is not valid.</summary>
    public const int Usage = 2;

    /// <summary>The server cannot be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>The job finished with failed or damaged shards.</summary>
    public const int FinishedWithFailures = 4;

    /// <summary>Interrupted by Ctrl-C.</summary>
    public const int Interrupted = 130;
}

/// <summary>A mistake of the user's or an answer of the server that ends the verb: one message, one exit code.</summary>
public sealed class CliException(int exitCode, string message) : Exception(message)
{
    /// <summary>Exit code of the process.</summary>
    public int ExitCode => exitCode;
}
