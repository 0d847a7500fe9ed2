// What `cargo xtask test browser` tells the stories.

export const required = (name) => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the stories with \`cargo xtask test browser\``);
  return value;
};
