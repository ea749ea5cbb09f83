"""Prompts: registered models of a kind of their own."""

import mlflow

from tracked import Tracking, fresh


class Prompts(Tracking):
    def test_life(self):
        name = fresh("prompt").replace(" ", "-")
        one = mlflow.genai.register_prompt(name, "Say {{what}} to {{who}}.", commit_message="first", tags={"t": "1"})
        two = mlflow.genai.register_prompt(
            name, [{"role": "system", "content": "You are {{style}}."}, {"role": "user", "content": "Grüße 🦊"}]
        )
        self.assertEqual((one.version, two.version), (1, 2))
        self.assertEqual(mlflow.genai.load_prompt(name, 1).format(what="hello", who="you"), "Say hello to you.")
        self.assertEqual(mlflow.genai.load_prompt(f"prompts:/{name}/2").template, two.template)
        mlflow.genai.set_prompt_alias(name, "production", 1)
        found = mlflow.genai.load_prompt(f"prompts:/{name}@production")
        self.assertEqual((found.version, found.commit_message, found.tags["t"]), (1, "first", "1"))
        mlflow.genai.set_prompt_alias(name, "production", 2)
        self.assertEqual(mlflow.genai.load_prompt(f"prompts:/{name}@production").version, 2)
        mlflow.genai.delete_prompt_alias(name, "production")
        self.assertIsNone(mlflow.genai.load_prompt(f"prompts:/{name}@production", allow_missing=True))

    def test_apart_from_models(self):
        prompt, model = fresh("prompt").replace(" ", "-"), fresh("model")
        mlflow.genai.register_prompt(prompt, "{{x}}")
        self.client.create_registered_model(model)
        found = {m.name for m in self.client.search_registered_models(max_results=1000)}
        self.assertIn(model, found)
        self.assertNotIn(prompt, found)
        found = {p.name for p in mlflow.genai.search_prompts(f"name = '{prompt}'")}
        self.assertEqual(found, {prompt})

    def test_tags(self):
        name = fresh("prompt").replace(" ", "-")
        mlflow.genai.register_prompt(name, "{{x}}")
        self.client.set_prompt_tag(name, "team", "fraud")
        self.assertEqual(self.client.get_prompt(name).tags["team"], "fraud")
        self.client.delete_prompt_tag(name, "team")
        self.assertNotIn("team", self.client.get_prompt(name).tags)
        self.client.set_prompt_version_tag(name, "1", "judged", "yes")
        self.assertEqual(self.client.get_prompt_version(name, "1").tags["judged"], "yes")
