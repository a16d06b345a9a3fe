import StandardLayers
import VerifyCommand
import XNAMELayers

VerifyCommand.main(plugins: StandardLayers.self, XNAMELayers.self)
