namespace Orchestrator.Samples.PoolGenerator.Scenes;

/// <summary>Draws until a scene has no colour of another one; at most 3 of 8 colours are taken, so it ends soon.</summary>
internal static class DifferentScene
{
    public static Scene Draw(Scene scene, SeededStream stream)
    {
        while (true)
        {
            var other = SceneSampler.Draw(stream);
            if (other.IsClearlyDifferentFrom(scene))
            {
                return other;
            }
        }
    }
}
