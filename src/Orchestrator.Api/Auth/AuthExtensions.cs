using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orchestrator.Api.Options;

namespace Orchestrator.Api.Auth;

/// <summary>Registration of keys, roles and the listen guard.</summary>
internal static class AuthExtensions
{
    public static IServiceCollection AddApiKeys(this IServiceCollection services)
    {
        services.AddOptions<AuthOptions>().BindConfiguration(AuthOptions.Section).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<AuthOptions>, AuthOptionsValidator>());
        services.AddSingleton<KeyRing>();
        services.AddHostedService<PlainKeyWarning>();

        // Kestrel asks the transports from the last registered to the first.
        services.AddSingleton<IConnectionListenerFactory, ListenGuard>();
        services.AddAuthentication(ApiKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        var authorization = services.AddAuthorizationBuilder();
        foreach (var role in Roles.Ordered)
        {
            authorization.AddPolicy(role, policy => policy.RequireRole(role));
        }

        return services;
    }
}
