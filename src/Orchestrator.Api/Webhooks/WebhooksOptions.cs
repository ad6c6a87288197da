using Microsoft.Extensions.Options;

namespace Orchestrator.Api.Webhooks;

/// <summary>Section <c>Webhooks</c>: who may be told of ended jobs. Off while <see cref="AllowedHosts"/> is empty.</summary>
public sealed class WebhooksOptions
{
    /// <summary>Section name.</summary>
    public const string Section = "Webhooks";

    /// <summary>Hosts that may be called, each <c>host</c> (port 443) or <c>host:port</c>. Default: none, and there are no webhooks.</summary>
    public List<string> AllowedHosts { get; set; } = [];

    /// <summary>Secret from which the secret of each webhook is derived, 32 characters or more, the same on all processes. A new one makes all webhooks' secrets new.</summary>
    public string? SigningKey { get; set; }

    /// <summary>True to allow <c>http</c> addresses (port 80 where a host names none). Default: false.</summary>
    public bool AllowHttp { get; set; }

    /// <summary>True to call allowed hosts whose address is loopback, private or link-local too. Default: false.</summary>
    public bool AllowPrivateAddresses { get; set; }

    /// <summary>Tries of a delivery, 1 to 30. Default: 12, over about half a day.</summary>
    public int MaxAttempts { get; set; } = 12;

    /// <summary>Wait after the first failed try; doubles with each, up to <see cref="MaxDelay"/>, half of it by chance. 1 second to 1 hour. Default: 10 seconds.</summary>
    public TimeSpan BaseDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait between tries, up to 1 day. Default: 2 hours.</summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromHours(2);

    /// <summary>Longest time of a try, 1 second to 30 seconds. Default: 10 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long ended deliveries can be looked at, 1 hour to 365 days. Default: 7 days.</summary>
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(7);

    /// <summary>True where there may be webhooks.</summary>
    public bool IsOn => AllowedHosts.Count > 0 && SigningKey is not null;
}

/// <summary>Reports every mistake in the section at once. Never shows the key.</summary>
internal sealed class WebhooksOptionsValidator : IValidateOptions<WebhooksOptions>
{
    private const int MinKeyLength = 32;

    public ValidateOptionsResult Validate(string? name, WebhooksOptions options)
    {
        var errors = new List<string>();
        foreach (var (index, host) in options.AllowedHosts.Index())
        {
            if (!Uri.TryCreate($"https://{host}/", UriKind.Absolute, out var uri) || uri.PathAndQuery != "/" || uri.UserInfo.Length > 0 || uri.Host.Length == 0)
            {
                errors.Add($"Webhooks:AllowedHosts:{index}: '{host}' is not a host; give for example hooks.example.org or hooks.example.org:8443.");
            }
        }

        if (options.AllowedHosts.Count > 0 && options.SigningKey is null)
        {
            errors.Add("Webhooks:SigningKey: is missing; set it to a secret of 32 characters or more, or remove Webhooks:AllowedHosts.");
        }

        if (options.SigningKey is { Length: < MinKeyLength })
        {
            errors.Add($"Webhooks:SigningKey: has {options.SigningKey.Length} characters; give {MinKeyLength} or more.");
        }

        if (options.MaxAttempts is < 1 or > 30)
        {
            errors.Add($"Webhooks:MaxAttempts: is {options.MaxAttempts}; give 1 to 30.");
        }

        Check(nameof(options.BaseDelay), options.BaseDelay, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Check(nameof(options.MaxDelay), options.MaxDelay, options.BaseDelay, TimeSpan.FromDays(1));
        Check(nameof(options.Timeout), options.Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
        Check(nameof(options.KeepFor), options.KeepFor, TimeSpan.FromHours(1), TimeSpan.FromDays(365));
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(string field, TimeSpan value, TimeSpan least, TimeSpan most)
        {
            if (value < least || value > most)
            {
                errors.Add($"Webhooks:{field}: is {value}; give {least} to {most}.");
            }
        }
    }
}
