using Microsoft.Extensions.Options;

namespace Orchestrator.Api.Options;

/// <summary>Section <c>Limits</c>: what one caller may ask of the server.</summary>
public sealed class LimitsOptions
{
    /// <summary>Section name.</summary>
    public const string Section = "Limits";

    /// <summary>Largest document, in bytes of JSON, 1 KiB to 64 MiB. Larger ones get 413. Default 1 MiB.</summary>
    public int MaxDocumentBytes { get; set; } = 1 << 20;

    /// <summary>Most input shards of one job, 1 to 1,000,000. Default 100,000.</summary>
    public int MaxShards { get; set; } = 100_000;

    /// <summary>Longest silence on an event stream before a comment is sent to keep it open, 1 s to 5 min. Default 15 s.</summary>
    public TimeSpan EventKeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Largest size of a request's headers together, 4 KiB to 1 MiB. Larger ones get 431. Default 32 KiB.</summary>
    public int MaxHeaderBytes { get; set; } = 32 << 10;

    /// <summary>Most connections at a time, 10 to 100,000; one more is closed at once. Default 2,000.</summary>
    public int MaxConnections { get; set; } = 2000;

    /// <summary>Most event streams that one key may hold open, 1 to 10,000. One more gets 429. Default 100.</summary>
    public int MaxStreams { get; set; } = 100;

    /// <summary>Most schedules of one tenant, and most webhooks, 1 to 10,000. Default 100.</summary>
    public int MaxSchedules { get; set; } = 100;
}

internal sealed class LimitsOptionsValidator : IValidateOptions<LimitsOptions>
{
    public ValidateOptionsResult Validate(string? name, LimitsOptions options)
    {
        var errors = new List<string>();
        if (options.MaxDocumentBytes is < 1 << 10 or > 1 << 26)
        {
            errors.Add($"Limits:MaxDocumentBytes: is {options.MaxDocumentBytes}; give {1 << 10} to {1 << 26} bytes.");
        }

        if (options.MaxShards is < 1 or > 1_000_000)
        {
            errors.Add($"Limits:MaxShards: is {options.MaxShards}; give 1 to 1000000.");
        }

        foreach (var (field, value, least, most) in (ReadOnlySpan<(string, int, int, int)>)[
            (nameof(options.MaxHeaderBytes), options.MaxHeaderBytes, 4 << 10, 1 << 20), (nameof(options.MaxConnections), options.MaxConnections, 10, 100_000),
            (nameof(options.MaxStreams), options.MaxStreams, 1, 10_000), (nameof(options.MaxSchedules), options.MaxSchedules, 1, 10_000)])
        {
            if (value < least || value > most)
            {
                errors.Add($"Limits:{field}: is {value}; give {least} to {most}.");
            }
        }

        if (options.EventKeepAlive < TimeSpan.FromSeconds(1) || options.EventKeepAlive > TimeSpan.FromMinutes(5))
        {
            errors.Add($"Limits:EventKeepAlive: is {options.EventKeepAlive}; give 00:00:01 to 00:05:00.");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
