-- What the person's config.toml says, as far as that can be seen without reading all of TOML.
--
-- Owns where that file is, and the texts in it by section and name. What holds is for the server to
-- say; this is for what is offered and told before it is asked.

local options = require('spark.options')

local M = {}

--- Return the person's config.toml, where the server looks for it.
---@return string
local function path()
  local command = options.command() or {}
  for at, word in ipairs(command) do
    if word == '--config' then
      return command[at + 1]
    end
  end
  local home = vim.env.XDG_CONFIG_HOME or '~/.config'
  if vim.fn.has('mac') == 1 then
    home = '~/Library/Application Support'
  elseif vim.fn.has('win32') == 1 then
    home = vim.env.LOCALAPPDATA or home
  end
  return vim.env.SPARK_LSP_CONFIG or home .. '/spark-lsp/config.toml'
end

--- Return what is set, by section ('' for what stands above all) and name.
---@return table<string, table<string, string>>
function M.read()
  local file = io.open(vim.fs.normalize(path()))
  local section = ''
  local found = { [section] = {}, background = {} }
  for line in file and file:lines() or function() end do
    section = line:match('^%s*%[%s*([%w_.-]+)%s*%]') or section
    found[section] = found[section] or {}
    local name, value = line:match('^%s*([%w_]+)%s*=%s*["\']([^"\']*)["\']')
    if name then
      found[section][name] = value
    end
  end
  if file then
    file:close()
  end
  return found
end

return M
