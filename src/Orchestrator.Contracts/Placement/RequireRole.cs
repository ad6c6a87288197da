using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;
using Orleans.Placement;
using Orleans.Runtime.MembershipService.SiloMetadata;
using Orleans.Runtime.Placement;

namespace Orchestrator.Contracts.Placement;

/// <summary>Places a grain only on silos of a role.</summary>
/// <remarks>
/// Orleans' own metadata filter compares a candidate with the <em>calling</em> silo, so a worker that calls first would
/// bring the grain to itself. This one compares with a fixed role. The caller's silo runs the filter: every silo must
/// register it (<see cref="RequireRoleExtensions.AddRolePlacement"/>).
/// </remarks>
[AttributeUsage(AttributeTargets.Class)]
public sealed class RequireRoleAttribute(string role) : PlacementFilterAttribute(new RequireRoleStrategy(role, 0));

/// <summary>The filter's configuration; travels to other silos in the grain's properties.</summary>
public sealed class RequireRoleStrategy(string role, int order) : PlacementFilterStrategy(order)
{
    private const string RoleProperty = "role";

    /// <summary>For Orleans, which fills it from the grain's properties.</summary>
    public RequireRoleStrategy()
        : this("", 0)
    {
    }

    /// <summary>Role that a silo must have.</summary>
    public string Role { get; private set; } = role;

    /// <inheritdoc />
    public override void AdditionalInitialize(GrainProperties properties) =>
        Role = GetPlacementFilterGrainProperty(RoleProperty, properties)
            ?? throw new InvalidOperationException("The grain's properties do not name the role it requires.");

    /// <inheritdoc />
    protected override IEnumerable<KeyValuePair<string, string>> GetAdditionalGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, IReadOnlyDictionary<string, string> existingProperties) =>
        [new(RoleProperty, Role)];
}

/// <summary>Applies the filter.</summary>
internal sealed class RequireRoleDirector(ISiloMetadataCache metadata) : IPlacementFilterDirector
{
    public IEnumerable<SiloAddress> Filter(PlacementFilterStrategy filterStrategy, PlacementTarget target, IEnumerable<SiloAddress> silos)
    {
        var role = ((RequireRoleStrategy)filterStrategy).Role;
        return silos.Where(silo =>
            metadata.GetSiloMetadata(silo).Metadata.TryGetValue(SiloRole.MetadataKey, out var roles) && SiloRole.Includes(roles, role));
    }
}

/// <summary>Registration.</summary>
public static class RequireRoleExtensions
{
    /// <summary>Gives this silo its roles and the filter that reads those of others.</summary>
    public static ISiloBuilder AddRolePlacement(this ISiloBuilder silo, string roles)
    {
        silo.UseSiloMetadata(new Dictionary<string, string> { [SiloRole.MetadataKey] = roles });
        silo.Services.AddPlacementFilter<RequireRoleStrategy, RequireRoleDirector>(ServiceLifetime.Transient);
        return silo;
    }
}
