namespace Orchestrator.Data.Storage;

/// <summary>
/// A file that an attempt committed is gone, or is not what was committed: its shard has to run again. The message names the file
/// and says what is wrong with it.
/// </summary>
/// <param name="relative">Path below the output folder.</param>
/// <param name="message">One sentence.</param>
/// <param name="cause">What was met; null for none.</param>
public sealed class SpoiltFileException(string relative, string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>Path below the output folder, with <c>/</c> between names.</summary>
    public string Relative => relative;

    /// <summary>The file is not there.</summary>
    public static SpoiltFileException Gone(string root, string relative, Exception? cause = null) =>
        new(relative, $"The committed file {relative} is gone from {root}; keep others out of the folder while the job runs", cause);

    /// <summary>The file holds something else.</summary>
    public static SpoiltFileException Changed(string root, string relative, FileDigest written, FileDigest found) => new(
        relative,
        $"The committed file {relative} in {root} has {found.Bytes:N0} bytes with sha256 {found.Sha256}, the job wrote {written.Bytes:N0} with {written.Sha256}; "
            + "keep others out of the folder and check the disk");
}
