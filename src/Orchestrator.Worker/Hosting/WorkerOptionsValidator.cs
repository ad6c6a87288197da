using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Orchestrator.Contracts.Dispatch;

namespace Orchestrator.Worker.Hosting;

/// <summary>Checks <see cref="WorkerOptions"/> as a whole and reports every mistake at once.</summary>
internal sealed partial class WorkerOptionsValidator : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        List<string> errors = [];
        void Check(bool right, string key, object? value, string allowed)
        {
            if (!right)
            {
                errors.Add($"{WorkerOptions.Section}:{key} is '{value}'; allowed is {allowed}.");
            }
        }

        void Between(TimeSpan value, string key, TimeSpan least, TimeSpan most) =>
            Check(value >= least && value <= most, key, value, $"{least} to {most}");

        Check(Name().IsMatch(options.Id), nameof(options.Id), options.Id, "1 to 128 characters of A-Z a-z 0-9 . _ -");
        Check(
            options.Pool == IDispatcherGrain.DefaultPool,
            nameof(options.Pool),
            options.Pool,
            $"'{IDispatcherGrain.DefaultPool}' alone, because jobs carry no pool: another pool's worker would get no work; leave it out");
        Check(options.Devices.Length > 0, nameof(options.Devices), "", "at least one device");
        for (var i = 0; i < options.Devices.Length; i++)
        {
            var device = options.Devices[i];
            Check(Device().IsMatch(device), $"{nameof(options.Devices)}:{i}", device, "cpu or cuda:N");
            Check(Array.IndexOf(options.Devices, device) == i, $"{nameof(options.Devices)}:{i}", device, "each device once");
        }

        var gpus = options.Devices.Where(device => device.StartsWith(WorkerOptions.Cuda, StringComparison.Ordinal)).Distinct().ToList();
        Check(gpus.Count <= 1, nameof(options.Devices), string.Join(", ", gpus), "one GPU, because a process's models lie on one; start one worker process per GPU");

        Check(options.Slots is null or (>= 1 and <= 1024), nameof(options.Slots), options.Slots, "1 to 1024");
        Between(options.HeartbeatInterval, nameof(options.HeartbeatInterval), TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(10));
        Between(options.ExchangeSpacing, nameof(options.ExchangeSpacing), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Between(options.ExchangeTimeout, nameof(options.ExchangeTimeout), TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(15));
        Between(options.DrainTimeout, nameof(options.DrainTimeout), TimeSpan.Zero, TimeSpan.FromHours(1));
        Check(options.MaxPrefetch is >= 0 and <= 4096, nameof(options.MaxPrefetch), options.MaxPrefetch, "0 to 4096");
        Check(
            options.HttpUrl is null || (Uri.TryCreate(options.HttpUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"),
            nameof(options.HttpUrl),
            options.HttpUrl,
            "an absolute http URL, for example http://127.0.0.1:0");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    [GeneratedRegex("^[A-Za-z0-9._-]{1,128}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex("^(cpu|cuda:[0-9]{1,3})$", RegexOptions.CultureInvariant)]
    private static partial Regex Device();
}
