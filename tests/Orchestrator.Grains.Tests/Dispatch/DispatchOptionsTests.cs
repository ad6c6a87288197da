using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Orchestrator.Contracts;
using Orchestrator.Grains.Dispatch;

namespace Orchestrator.Grains.Tests.Dispatch;

public class DispatchOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreValid() => Assert.True(new DispatchOptionsValidator().Validate(null, new DispatchOptions()).Succeeded);

    [Fact]
    public void Validate_SeveralMistakes_AreAllReported()
    {
        var result = new DispatchOptionsValidator().Validate(null, new DispatchOptions
        {
            LeaseTtl = TimeSpan.Zero,
            MaxFailures = 0,
            RetryMaxDelay = TimeSpan.FromMilliseconds(1),
            HeadStart = -1,
        });
        Assert.Equal(
            ["Dispatch:LeaseTtl", "Dispatch:HeadStart", "Dispatch:MaxFailures", "Dispatch:RetryMaxDelay"],
            result.Failures!.Select(failure => failure.Split(' ')[0]));
    }

    [Fact]
    public void Validate_TenantsWithMistakes_AreAllReported()
    {
        var result = new TenantsOptionsValidator().Validate(null, new TenantsOptions
        {
            Window = TimeSpan.FromSeconds(1),
            Default = { Weight = 0 },
            ByName = { ["acme"] = new() { Weight = -1, MaxQueuedShards = 0, MaxRunningSlots = 0, MaxDeviceSeconds = double.NaN } },
        });
        Assert.Equal(
            [
                "Tenants:Window", "Tenants:Default:Weight", "Tenants:ByName:acme:Weight", "Tenants:ByName:acme:MaxQueuedShards", "Tenants:ByName:acme:MaxRunningSlots",
                "Tenants:ByName:acme:MaxDeviceSeconds",
            ],
            result.Failures!.Select(failure => failure.Split(' ')[0]));
    }

    [Fact]
    public void Instruments_AllOfTheDispatchMeter_AreInTheListOfNames()
    {
        var published = new List<(string Name, string? Unit)>();
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Scope == factory)
                {
                    published.Add((instrument.Name, instrument.Unit));
                }
            },
        };
        listener.Start();
        _ = new DispatchInstruments(factory);
        Assert.Equal(13, published.Count);
        Assert.Empty(published.Except(TelemetryNames.All.Select(i => (i.Name, (string?)i.Unit))));
        Assert.Equal(TelemetryNames.All.Count, TelemetryNames.All.Select(i => i.Name).Distinct().Count());
    }
}
