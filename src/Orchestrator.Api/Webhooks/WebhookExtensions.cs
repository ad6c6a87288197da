using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Http;
using Orchestrator.Api.Schedules;

namespace Orchestrator.Api.Webhooks;

/// <summary>Registers what runs by itself: ticks of schedules and deliveries of webhooks.</summary>
internal static class WebhookExtensions
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    public static IServiceCollection AddSchedulesAndWebhooks(this IServiceCollection services)
    {
        services.AddOptions<WebhooksOptions>().BindConfiguration(WebhooksOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<WebhooksOptions>, WebhooksOptionsValidator>();
        services.AddSingleton<ScheduleRunner>();
        services.AddSingleton<IWebhookSender, WebhookSender>();
        services.TryAddSingleton(new DeliveryChance(Random.Shared.NextDouble));
        services.AddSingleton<DeliveryRunner>();
        AddPeriodic(services, "The schedules' ticks", provider => provider.GetRequiredService<ScheduleRunner>().RunDueAsync);
        AddPeriodic(services, "The webhooks' deliveries", provider => provider.GetRequiredService<DeliveryRunner>().RunDueAsync);
        return services;
    }

    // Not AddHostedService: it takes a second service of the same type for the first one again.
    private static void AddPeriodic(IServiceCollection services, string name, Func<IServiceProvider, Func<CancellationToken, Task>> work) =>
        services.AddSingleton<IHostedService>(provider => new PeriodicWork(
            name, Look, work(provider), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PeriodicWork>>()));
}
